import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLeftToAddress, notAsked, type Roles } from '../src/roles';

function said(names: readonly string[], roles: Partial<Roles>): string | undefined {
  return notAsked('coder', names, { fim: [], chat: [], ...roles })?.message;
}

test('a model is asked where no role names engines, or one names it', () => {
  assert.equal(said(['local', 'coder'], {}), undefined);
  assert.equal(said(['local', 'coder'], { fim: ['office', 'local'] }), undefined);
  assert.equal(said(['local', 'coder'], { fim: ['coder'], chat: ['local'] }), undefined);
  assert.equal(said(['remote'], { chat: ['remote'] }), undefined);
});

test('where a role names only others, that is said', () => {
  const fim = 'coder is not asked for completions: fimble.roles.fim names office, cloud.';
  assert.equal(said(['local', 'coder'], { fim: ['office', 'cloud'], chat: ['local'] }), fim);
  assert.equal(said(['remote'], { chat: ['local'] }), 'coder is not asked for chat: fimble.roles.chat names local.');
  const both = 'coder is not asked for completions and chat: fimble.roles.fim and fimble.roles.chat name office.';
  assert.equal(said(['remote'], { fim: ['office'], chat: ['office'] }), both);
});

test('a button shows the settings that are meant, and no others', () => {
  const told = notAsked('coder', ['remote'], { fim: ['remote'], chat: ['office'] });
  assert.deepEqual(told?.remedies.map((each) => each.argument), ['@id:fimble.roles.chat']);
});

test('an endpoint is asked unnamed as long as a role is left open', () => {
  assert.equal(isLeftToAddress({ fim: [], chat: ['office'] }), true);
  assert.equal(isLeftToAddress({ fim: ['remote'], chat: ['office'] }), false);
  assert.equal(isLeftToAddress({ fim: ['remote'], chat: [] }), false);
});
