import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minutes, present, type Server, type Situation } from '../src/status';

const READY: Server = { state: 'ready', message: 'It is ready.' };

function text(server: Server, more: Partial<Situation> = {}): string {
  const situation = { server, model: 'coder', snoozeMs: 0, languageOff: undefined, automatic: true };
  return present({ ...situation, ...more }).text;
}

test('each state has its own words', () => {
  assert.equal(text({ state: 'missing', message: '' }), '$(warning) Fimble: set up');
  assert.equal(text({ state: 'starting', message: '' }), '$(loading~spin) Fimble');
  assert.equal(text({ state: 'stopped', message: '' }), '$(circle-slash) Fimble');
  assert.equal(text({ state: 'crashed', message: '' }), '$(error) Fimble');
  assert.equal(text({ state: 'failed', message: '' }), '$(error) Fimble');
  assert.equal(text({ state: 'loading', message: '' }), '$(loading~spin) coder');
  assert.equal(text({ state: 'loading', message: '', fraction: 0.458 }), '$(loading~spin) coder 45%');
  assert.equal(text(READY), '$(sparkle) coder');
});

test('latency is shown once it is known', () => {
  const latencyMs = { p50: 41.7, p95: 310.2 };
  assert.equal(text({ ...READY, latencyMs }), '$(sparkle) coder · 42 ms');
  const shown = present({
    server: { ...READY, latencyMs, reuseRate: 0.615 },
    model: 'coder',
    snoozeMs: 0,
    languageOff: undefined,
    automatic: true,
  });
  assert.match(shown.tooltip, /^It is ready\.\n\nHalf .+ at most 42 ms, 95% at most 310 ms\.\n\n62% were/);
});

test('what keeps suggestions away is shown instead, but never in place of a failure', () => {
  assert.equal(text(READY, { snoozeMs: 61_000, languageOff: 'python' }), '$(bell-slash) coder · 2 min');
  assert.equal(text(READY, { languageOff: 'python' }), '$(circle-slash) coder · off for python');
  assert.equal(text(READY, { automatic: false }), '$(circle-slash) coder · on request');
  assert.equal(text({ state: 'failed', message: '' }, { snoozeMs: 61_000 }), '$(error) Fimble');
});

test('the last minute is a minute', () => {
  assert.deepEqual([1, 60_000, 60_001].map(minutes), [1, 1, 2]);
});
