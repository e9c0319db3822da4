import assert from 'node:assert/strict';
import { test } from 'node:test';
import { described, offered, proposed, remoteSettings, served, type ModelServer } from '../src/servers';

function server(title: string, dialect: string, ...names: string[]): ModelServer {
  const models = names.map((name) => ({ name, fillsGaps: name.includes('coder') }));
  return { url: `http://127.0.0.1:${title.length}`, title, dialect, models };
}

const OLLAMA = server('Ollama', 'ollama', 'llama3.1:8b', 'qwen2.5-coder:7b');
const STUDIO = server('LM Studio', 'lm-studio', 'a-coder', 'b-coder');

function offer(...servers: ModelServer[]): string[] {
  return Object.values(offered(served(servers)));
}

test('the models that fill gaps are the first, of whichever server', () => {
  const names = served([OLLAMA, STUDIO]).map((each) => each.model.name);
  assert.deepEqual(names, ['qwen2.5-coder:7b', 'a-coder', 'b-coder', 'llama3.1:8b']);
});

test('the only model that fits is named', () => {
  assert.deepEqual(offer(OLLAMA), ['Or use qwen2.5-coder:7b from Ollama, on this machine.', 'Use Ollama']);
  assert.deepEqual(offer(server('vLLM', 'vllm', 'any')), ['Or use any from vLLM, on this machine.', 'Use vLLM']);
});

test('where several fit, the user chooses', () => {
  const sentence = 'Or use a model from LM Studio, on this machine.';
  assert.deepEqual(offer(STUDIO), [sentence, 'Use LM Studio…']);
  assert.equal(offer(server('Ollama', 'ollama', 'a', 'b'))[1], 'Use Ollama…');
  const both = 'Or use a model from Ollama or LM Studio, on this machine.';
  assert.deepEqual(offer(OLLAMA, STUDIO), [both, 'Use a Server…']);
  assert.equal(proposed(served([OLLAMA, STUDIO])), undefined);
  assert.equal(proposed([]), undefined);
});

test('all settings of an endpoint are set, so that none of another is left', () => {
  const [first] = served([OLLAMA]);
  assert.ok(first);
  assert.deepEqual(remoteSettings(first), {
    url: OLLAMA.url,
    dialect: 'ollama',
    model: 'qwen2.5-coder:7b',
    template: undefined,
    apiKey: undefined, headers: undefined, caFile: undefined, proxy: undefined,
  });
});

test('a list says where a model is, and what it may not do', () => {
  const [first, second] = served([OLLAMA]).map(described);
  assert.deepEqual(first, { label: 'qwen2.5-coder:7b', description: 'Ollama', detail: OLLAMA.url });
  assert.match(second?.detail ?? '', /may only chat/);
});
