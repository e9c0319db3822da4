import assert from 'node:assert/strict';
import { test } from 'node:test';
import { described, type Engine } from '../src/health';

const READY: Engine = {
  role: 'fim',
  name: 'office',
  state: 'ready',
  message: '',
  answered: 12,
  failed: 1,
  firstWordMs: 239.6,
};

function words(more: Partial<Engine>): string {
  return described({ ...READY, ...more }).description;
}

test('an engine that is up says how quick it is and how often it was asked', () => {
  const description = 'completions · ready · first word after 240 ms · 12 answered, 1 failed';
  assert.deepEqual(described(READY), { label: '$(check) office', description });
  assert.match(words({ role: 'chat', firstWordMs: 8210 }), /^chat · ready · first word after 8\.2 s · /);
});

test('one that is down says why, and not how quick it was', () => {
  const message = 'No server answers at office.example.';
  assert.deepEqual(described({ ...READY, state: 'down', message }), {
    label: '$(circle-slash) office',
    description: 'completions · down · 12 answered, 1 failed',
    detail: message,
  });
});

test('one that was not asked yet says so', () => {
  const unused = { ...READY, state: 'unused', answered: 0, failed: 0, firstWordMs: null } as const;
  const description = 'completions · not asked yet · no requests';
  assert.deepEqual(described(unused), { label: '$(circle-outline) office', description });
});
