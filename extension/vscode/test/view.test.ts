import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ask, Call, Chat, Diff, Turn } from '../src/chat/protocol';
import { EMPTY } from '../src/chat/reduce';
import { linesOf } from '../webview/lines';
import { namesLinks, rendered } from '../webview/markdown/blocks';
import { typedAt, withMention } from '../webview/mention';
import { placeOf } from '../webview/places';
import { EMPTY_VIEW, told } from '../webview/view';
import { endWords, news, openAsks, percentUsed, reasonOf, when } from '../webview/words';

const html = (text: string): string => rendered(text, 0, false).finished;

const TEXT = [
  '# Title',
  'A paragraph\nof two lines with `code` and **bold**.',
  '- one\n- two\n\n  still two\n- three',
  '```python\ndef f():\n\n    return 1\n```',
  '1. a\n2. b',
  '> a quote\n> goes on',
  '| a | b |\n|---|--:|\n| 1 | 2 |',
  '    indented code',
  'Set\n===',
  '***',
  'The end.',
].join('\n\n');

test('whatever a text is cut into, it looks the same at the end', () => {
  const whole = html(TEXT);
  for (const step of [1, 2, 3, 7, 50]) {
    for (const text of [TEXT, TEXT.replaceAll('\n', '\r\n')]) {
      let shown = '';
      let next = 0;
      for (let length = step; length < text.length; length += step) {
        const some = rendered(text.slice(0, length), next, true);
        shown += some.finished;
        next = some.next;
      }
      assert.equal(shown + rendered(text, next, false).finished, whole, `in steps of ${step}`);
    }
  }
});

test('the last block stays open, and those before are not read again', () => {
  const { finished, open, next } = rendered('One.\n\nTwo.', 0, true);
  assert.deepEqual([finished, open, next], ['<p>One.</p>\n', '<p>Two.</p>\n', 6]);
});

test('there is nothing to load or to go to in rendered Markdown', () => {
  const text = '![alt](http://a.example/x.png) [words](http://b.example) <http://c.example> <b onclick="x">raw</b>';
  const shown = html(text);
  assert.doesNotMatch(shown, /<(?!\/?(p|span)\b)|<[^>]*\b(href|src|on\w+)=/);
  for (const seen of ['alt', '(http://a.example/x.png)', 'words', '(http://b.example)', 'http://c.example', '&lt;b onclick']) {
    assert.ok(shown.includes(seen), seen);
  }
  assert.equal(shown.split('http://c.example').length - 1, 2, 'an address that is the words is shown once, and in the title');
});

test('what is too deep is shown as it was written', () => {
  assert.match(html(`${'>'.repeat(300)} deep`), /<pre[^]*&gt;&gt;[^]*deep/);
});

test('cells have classes, for styles are not allowed', () => {
  assert.match(html('| a |\n|--:|\n| 1 |'), /<th class="right">[^]*<td class="right">/);
  assert.doesNotMatch(html('| a |\n|--:|\n| 1 |'), /style=/);
});

test('the language of code is a word, and code is coloured if it is known', () => {
  assert.match(html('```python x="y"\nif 1: pass\n```'), /data-language="python"[^]*hljs-keyword/);
  assert.match(html('```mermaid\ngraph <b>\n```'), /data-language="mermaid"><pre tabindex="0"><code>graph &lt;b&gt;</);
  assert.match(html('```"><img>\nx\n```'), /data-language="&quot;&gt;&lt;img&gt;"/);
});

test('names of links at the end are found', () => {
  assert.ok(namesLinks('See [a].\n\n[a]: http://a.example'));
  assert.ok(!namesLinks('an array[0]: int'));
});

const PLACES: readonly [string, string | undefined, number | undefined][] = [
  ['src/a.py', 'src/a.py', undefined],
  ['a.py:10', 'a.py', 10],
  ['src/a.py:10:3', 'src/a.py', 10],
  ['src/a.py:10-20', 'src/a.py', 10],
  ['src/a.py#L10', 'src/a.py', 10],
  ['./src/a.py', './src/a.py', undefined],
  ['/home/ada/a.ts:1', '/home/ada/a.ts', 1],
  ['src\\a.cs', 'src\\a.cs', undefined],
  ['größe/ü.py', 'größe/ü.py', undefined],
  ['.eslintrc.json', '.eslintrc.json', undefined],
  ['os.path', undefined, undefined],
  ['self.name', undefined, undefined],
  ['and/or', undefined, undefined],
  ['1.5', undefined, undefined],
  ['f(x).py', undefined, undefined],
  ['http://a.example/b.py', undefined, undefined],
  ['//host/a.py', undefined, undefined],
  ['\\\\host\\share\\a.py', undefined, undefined],
  ['file:///a.py', undefined, undefined],
  ['__proto__', undefined, undefined],
  ['', undefined, undefined],
];

test('places in files', () => {
  for (const [text, path, line] of PLACES) {
    assert.deepEqual(placeOf(text), path === undefined ? undefined : { path, line }, text);
  }
});

const diff = (oldText: string | null, newText: string): Diff => ({ path: '/a', label: 'a', oldText, newText });

test('the lines of a diff', () => {
  const { lines, added, removed } = linesOf(diff('a\nb\nc\nd\ne\n', 'a\nb\nC\nd\ne\nf\n'));
  assert.deepEqual([added, removed], [2, 1]);
  assert.deepEqual(lines.filter(({ kind }) => kind !== 'same').map(({ kind, text }) => `${kind} ${text}`), [
    'removed c',
    'added C',
    'added f',
  ]);
});

test('a new file is all new, and nothing is said of line ends', () => {
  assert.deepEqual(linesOf(diff(null, 'a\nb')).lines, [
    { kind: 'added', text: 'a' },
    { kind: 'added', text: 'b' },
  ]);
});

test('a long diff is cut', () => {
  const { lines, left, added } = linesOf(diff(null, 'x\n'.repeat(1_000)));
  assert.deepEqual([lines.length, left, added], [200, 800, 1_000]);
});

test('mentions that are typed', () => {
  assert.deepEqual(typedAt('see @src/a', 10), { start: 4, text: 'src/a' });
  assert.deepEqual(typedAt('@', 1), { start: 0, text: '' });
  assert.equal(typedAt('me@example.com', 14), undefined);
  assert.equal(typedAt('@a b', 4), undefined);
  assert.deepEqual(withMention('see @sr now', { start: 4, text: 'sr' }, '@src/a.py'), { text: 'see @src/a.py now', caret: 14 });
});

const turn = (values: Partial<Turn>): Turn => ({ number: 1, prompt: '', items: [], end: undefined, changes: [], ...values });
const ASK: Ask = {
  kind: 'ask', id: 'q', call: 'c', title: 'Run make', about: '', diff: undefined, options: [], answer: undefined,
};

test('what is said aloud', () => {
  const running: Chat = { ...EMPTY, session: 's', isRunning: true, turns: [turn({})] };
  const asking: Chat = { ...running, turns: [turn({ items: [ASK] })] };
  const ended: Chat = { ...running, isRunning: false, turns: [turn({ end: { stopReason: 'cancelled', problem: '' } })] };
  assert.equal(news({ ...EMPTY, session: 's' }, running), 'Fimble is answering.');
  assert.equal(news(running, { ...running, turns: [turn({ items: [{ kind: 'text', text: 'a' }] })] }), '');
  assert.equal(news(running, asking), 'Permission needed: Run make');
  assert.equal(news(asking, asking), '');
  assert.equal(news(running, ended), 'Stopped.');
  assert.equal(news(EMPTY, ended), '', 'a chat that is opened is not news');
  const below = turn({ number: -1 });
  const explained = { ...asking, turns: [...asking.turns, below] };
  assert.equal(news({ ...running, turns: [...running.turns, below] }, explained), 'Permission needed: Run make');
  assert.deepEqual(openAsks(explained), [ASK]);
  assert.equal(news(explained, { ...ended, turns: [...ended.turns, below] }), 'Stopped.');
});

test('how turns end', () => {
  assert.equal(endWords({ stopReason: 'end_turn', problem: '' }), '');
  assert.equal(endWords({ stopReason: 'error', problem: 'The model is gone.' }), 'The model is gone.');
  assert.notEqual(endWords({ stopReason: 'constructor', problem: '' }), '');
});

test('numbers and times for people', () => {
  assert.equal(percentUsed({ used: 9_000, size: 8_192 }), 100);
  assert.equal(percentUsed({ used: 1, size: 0 }), 0);
  const now = Date.parse('2026-01-02T12:00:00Z');
  assert.equal(when('2026-01-02T11:59:50Z', now), 'just now');
  assert.equal(when('2026-01-02T11:58:00Z', now), '2 minutes ago');
  assert.equal(when('2026-01-01T11:00:00Z', now), 'yesterday');
  assert.equal(when('nonsense', now), '');
});

test('messages of the extension', () => {
  const chat = { ...EMPTY, title: 'A chat' };
  const shown = told(EMPTY_VIEW, { type: 'chat', chat });
  assert.equal(shown.chat, chat);
  const more = told(shown, { type: 'updates', updates: [{ type: 'began', turn: 1, prompt: 'Hi' }] });
  assert.equal(more.chat.turns.length, 1);
  assert.notEqual(told(more, { type: 'compose', text: 'a' }).compose, told(more, { type: 'compose', text: 'a' }).compose);
});

test('the reason of a failed call is one line', () => {
  const call: Call = { kind: 'call', id: 'c1', title: '', tool: 'edit', status: 'failed', text: '', diffs: [], locations: [] };
  assert.equal(reasonOf({ ...call, text: '\n  There is no a.py.\nNear it are:' }), 'There is no a.py.');
  assert.equal(reasonOf({ ...call, text: 'x'.repeat(2_000) }).length, 501);
  assert.equal(reasonOf(call), '');
  assert.equal(reasonOf({ ...call, status: 'completed', text: 'Done.' }), '');
});
