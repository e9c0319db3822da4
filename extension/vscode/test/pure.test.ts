import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedOf, goesOn } from '../src/accepted';
import { complaint, megabytes, parseStage, steps } from '../src/cli';
import { Crashes } from '../src/crashes';
import { forServer, modelName, toggled } from '../src/settings';

test('three crashes within three minutes are borne', () => {
  const crashes = new Crashes();
  assert.deepEqual([0, 1, 2, 3].map((at) => crashes.mayRestart(at)), [true, true, true, false]);
  crashes.forget();
  assert.equal(crashes.mayRestart(4), true);
});

test('crashes of long ago do not count', () => {
  const crashes = new Crashes();
  const minute = 60_000;
  const times = [0, 1, 2, 3, 4, 5, 6].map((each) => each * minute);
  assert.ok(times.every((at) => crashes.mayRestart(at)));
});

test('the server gets its own settings, in sections', () => {
  const values: Record<string, unknown> = {
    'fimble.model': 'm',
    'fimble.local.threads': 2,
    'fimble.local.keepState': false,
    'fimble.endpoints': { office: { url: 'https://office.example', headers: { 'X-Team': 'a.b' } } },
    'fimble.server.command': '/bin/fimble',
  };
  const sent = forServer(Object.keys(values), (name) => values[name]);
  assert.deepEqual(sent, {
    model: 'm',
    local: { threads: 2, keepState: false },
    endpoints: values['fimble.endpoints'],
  });
});

test('models have short names', () => {
  assert.equal(modelName('qwen2.5-coder-1.5b', '', 'x', []), 'qwen2.5-coder-1.5b');
  assert.equal(modelName('/home/me/models/Coder.Q4.GGUF', '', '', []), 'Coder.Q4');
  assert.equal(modelName('coder', 'http://a', 'big', ['office', 'local']), 'office');
  assert.equal(modelName('coder', 'http://a', 'big', ['local']), 'coder');
  assert.equal(modelName('coder', 'http://a', 'big', ['remote']), 'big');
  assert.equal(modelName('C:\\models\\coder.gguf', '', '', []), 'coder');
  assert.equal(modelName('m', 'http://127.0.0.1:8080/v1', '', []), '127.0.0.1:8080');
  assert.equal(modelName('m', 'http://127.0.0.1:8080/v1', 'big', []), 'big');
  assert.equal(modelName('m', 'nonsense', '', []), 'nonsense');
});

test('a language is turned off and on', () => {
  assert.deepEqual(toggled(['go'], 'python'), ['go', 'python']);
  assert.deepEqual(toggled(['go', 'python'], 'go'), ['python']);
});

test('a part belongs to the candidate that it is a beginning of', () => {
  const start = { line: 0, character: 0 };
  const first = { id: 'a', text: 'sum(values)', start };
  const second = { id: 'b', text: 'len(values)', start };
  assert.equal(acceptedOf([first, second], 'len'), second);
  assert.equal(acceptedOf([first, second], 'sum(values)'), first);
  assert.equal(acceptedOf([first, second], 'max'), undefined);
  assert.equal(acceptedOf([first, second], ''), undefined);
});

test('beside the completion list only what goes on from its entry is shown', () => {
  assert.ok(goesOn('console.log(x)', 'console.log'));
  assert.ok(!goesOn('console.error(x)', 'console.log'));
});

test('stages are read, other lines are not', () => {
  const stage = { stage: 'Downloading', done: 5, total: 10 };
  assert.deepEqual(parseStage(JSON.stringify(stage)), stage);
  for (const line of ['', 'Collecting', '{"path":"/x"}', '{"stage":1,"done":0,"total":0}', 'null']) {
    assert.equal(parseStage(line), undefined, line);
  }
});

test('one bar only grows over all stages', () => {
  const step = steps();
  const shown = [
    { stage: 'Waiting', done: 0, total: 0 },
    { stage: 'Downloading', done: 50e6, total: 100e6 },
    { stage: 'Downloading', done: 100e6, total: 100e6 },
    { stage: 'Checking', done: 10e6, total: 100e6 },
  ].map(step);
  assert.deepEqual(shown.map((each) => each.increment), [0, 50, 50, 0]);
  assert.equal(shown[0]?.message, 'Waiting');
  assert.equal(shown[1]?.message, 'Downloading (50 MB of 100 MB)');
});

test('sizes and complaints', () => {
  assert.equal(megabytes(1_117_320_768), '1,117 MB');
  assert.equal(complaint('noise\nfimble: There is no model x.\n'), 'There is no model x.');
  assert.equal(complaint(''), 'The fimble command failed.');
});
