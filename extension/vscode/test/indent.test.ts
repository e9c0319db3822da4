import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placed } from '../src/chat/indent';

const BLOCK = 'def f():\n\n    return 1\n';
const at = (line: string, character: number, rest = '', eol = '\n'): Parameters<typeof placed>[1] => ({ line, character, rest, eol });

test('a block has the indentation of its place', () => {
  assert.equal(placed(BLOCK, at('', 0)), BLOCK);
  assert.equal(placed(BLOCK, at('    ', 4)), 'def f():\n\n        return 1\n');
  assert.equal(placed(BLOCK, at('    pass', 0)), '    def f():\n\n        return 1\n');
  assert.equal(placed('    a\n      b', at('\t', 1)), 'a\n\t  b');
  assert.equal(placed('f(\n    1,\n)', at('    x = ', 8)), 'f(\n        1,\n    )');
});

test('what stands behind it keeps its place', () => {
  assert.equal(placed('a\n', at('    b', 4, 'b')), 'a\n    ');
  assert.equal(placed('a\n', at('    b', 0, '    b')), '    a\n');
  assert.equal(placed('a\n', at('    ', 4)), 'a\n');
});

test('a block has the line ends of its file', () => {
  assert.equal(placed('a\nb\r\nc\n', at('', 0, '', '\r\n')), 'a\r\nb\r\nc\r\n');
});
