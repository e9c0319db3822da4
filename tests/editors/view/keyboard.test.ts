/** The view without a mouse: all of it can be reached, and the focus is seen and never lost. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { answerMentions, STATES } from './look.ts';
import { ask, ASKING, chat, FINISHED, SESSIONS, STREAMING, turn } from './states.ts';
import { inBrowser, until, type View } from './view.ts';

const open = inBrowser();
let view: View;
beforeEach(async () => {
  view = await open();
});
afterEach(async () => {
  assert.deepEqual(await view.breaches(), []);
  await view.close();
});

const INPUT = '#fimble-input';

/** How what has the focus is called. */
function focused(): Promise<string> {
  return view.page.evaluate(() => {
    const active = document.activeElement;
    return active?.getAttribute('aria-label') ?? active?.textContent ?? '';
  });
}

/** Press a key until what is called so has the focus. */
async function goTo(name: string, key = 'Tab'): Promise<void> {
  for (let count = 0; count < 60; count += 1) {
    if ((await focused()).startsWith(name)) {
      return;
    }
    await view.page.keyboard.press(key);
  }
  assert.fail(`${name} can't be reached`);
}

async function told(type: string): Promise<unknown[]> {
  return (await view.told()).filter((message) => message.type === type);
}

for (const state of ['empty', 'streaming', 'permission-edit', 'finished', 'trouble', 'history']) {
  test(`each place of the focus is seen: ${state}`, async () => {
    await STATES[state]?.(view);
    const reached = new Set<string>();
    for (let count = 0, ends = 0; count < 150 && ends < 2; count += 1) {
      await view.page.keyboard.press('Tab');
      const seen = await view.page.evaluate(() => {
        const active = document.activeElement as HTMLElement;
        const { outlineStyle, outlineColor } = getComputedStyle(active);
        const box = active.closest('.composer-box');
        const isBox = active.matches('textarea') && box !== null && getComputedStyle(box).borderColor === 'rgb(0, 120, 212)';
        const hasSize = active.getBoundingClientRect().width > 0;
        const isSeen = hasSize && (isBox || (outlineStyle !== 'none' && !/, 0\)$/.test(outlineColor)));
        return { isBody: active === document.body, isSeen, html: active.outerHTML.slice(0, 200) };
      });
      if (seen.isBody) {
        ends += 1;
        continue;
      }
      assert.ok(seen.isSeen, seen.html);
      reached.add(seen.html);
    }
    const all = await view.page.evaluate(
      () => [...document.querySelectorAll<HTMLElement>('button, select, textarea, summary')].filter((each) => each.checkVisibility()).length,
    );
    assert.ok(reached.size >= all, `${reached.size} of ${all} are reached`);
  });
}

test('a message is sent', async () => {
  await view.show(chat({}));
  await goTo('Message');
  await view.page.keyboard.type('one');
  await view.page.keyboard.press('Shift+Enter');
  await view.page.keyboard.type('two');
  await view.page.keyboard.press('Enter');
  assert.deepEqual(await told('prompt'), [{ type: 'prompt', text: 'one\ntwo' }]);
  assert.equal(await view.page.inputValue(INPUT), '');
  assert.equal(await focused(), 'Message to Fimble');
});

test('nothing is sent while a turn runs, and Escape stops it', async () => {
  await view.show(STREAMING);
  await view.page.fill(INPUT, 'more');
  await view.page.press(INPUT, 'Enter');
  assert.deepEqual(await told('prompt'), []);
  await view.page.getByText('Wait for the answer, or stop it first.').waitFor();
  assert.equal(await view.page.inputValue(INPUT), 'more');
  await view.page.press(INPUT, 'Escape');
  assert.equal((await told('stop')).length, 1);
});

test('the last message comes back', async () => {
  await view.show(FINISHED);
  await view.page.press(INPUT, 'ArrowUp');
  await until(async () => (await view.page.inputValue(INPUT)) === FINISHED.turns[0]?.prompt);
});

test('a mention is chosen', async () => {
  await view.page.locator(INPUT).pressSequentially('See @pa');
  await answerMentions(view, 'pa');
  await view.page.keyboard.press('ArrowDown');
  const active = await view.page.locator(INPUT).getAttribute('aria-activedescendant');
  assert.equal(await view.page.locator(`[id="${active}"]`).getAttribute('aria-selected'), 'true');
  await view.page.keyboard.press('Enter');
  await view.page.keyboard.type('too');
  assert.equal(await view.page.inputValue(INPUT), 'See @src/ too');
  assert.deepEqual(await told('prompt'), []);
});

test('mentions that come too late are not shown', async () => {
  await view.page.locator(INPUT).pressSequentially('@');
  await answerMentions(view, '');
  await view.page.locator(INPUT).pressSequentially('x');
  await view.tell({ type: 'mentions', request: 1, items: [{ mention: '@late', kind: 'file', detail: '' }] });
  assert.equal(await view.page.getByText('@late').count(), 0);
  await view.page.keyboard.press('Escape');
  await view.page.getByRole('listbox').waitFor({ state: 'detached' });
});

test('a permission is given by keys, and what is safe has the focus', async () => {
  await view.page.focus(INPUT);
  await view.show(ASKING);
  await until(async () => (await focused()).startsWith('Reject'));
  await goTo('Allow', 'Shift+Tab');
  await view.page.keyboard.press('Enter');
  assert.deepEqual(await told('answer'), [{ type: 'answer', ask: 'q1', option: 'allow_once' }]);
  await view.page.getByText('Allowed: Run python').waitFor();
  assert.equal(await focused(), 'Message to Fimble');
});

test('a permission is given by its number', async () => {
  await view.show(ASKING);
  await until(async () => (await focused()).startsWith('Reject'));
  await view.page.waitForTimeout(600); // sooner, a key was meant for something else
  await view.page.keyboard.press('2');
  assert.deepEqual(await told('answer'), [{ type: 'answer', ask: 'q1', option: 'allow_always' }]);
});

test('a question does not take keys from who is typing', async () => {
  await view.page.locator(INPUT).pressSequentially('I was');
  await view.show(ASKING);
  await view.page.getByRole('alertdialog').waitFor();
  await view.page.keyboard.type(' 1');
  assert.equal(await view.page.inputValue(INPUT), 'I was 1');
  assert.deepEqual(await told('answer'), []);
  await view.page.waitForTimeout(600);
  await view.page.keyboard.press('Control+Enter');
  assert.deepEqual(await told('answer'), []);
  await view.page.getByText('The question above waits for your answer.').waitFor();
  await view.page.locator(INPUT).fill('');
  await view.page.keyboard.press('Control+Enter');
  assert.deepEqual(await told('answer'), [{ type: 'answer', ask: 'q1', option: 'allow_once' }]);
});

test('the focus is not lost with what had it', async () => {
  await view.show(ASKING);
  await until(async () => (await focused()).startsWith('Reject'));
  await view.tell({ type: 'updates', updates: [{ type: 'answered', ask: 'q1', answer: null }] });
  await until(async () => (await focused()) === 'Message to Fimble');
  await view.show(chat({ turns: [turn({ items: [ask({ answer: null })] })] }));
  await goTo('Try again', 'Shift+Tab');
  await view.show(STREAMING);
  await until(async () => (await focused()) === 'Message to Fimble');
});

test('earlier chats are shown by a command of the editor, and not where nobody waits for them any more', async () => {
  await view.show(FINISHED);
  await view.page.getByRole('button', { name: 'Earlier chats' }).click();
  await view.page.getByRole('button', { name: 'Back to the chat' }).click();
  await view.tell({ type: 'sessions', sessions: SESSIONS });
  assert.equal(await view.page.locator('.session').count(), 0);
  await view.tell({ type: 'sessions', sessions: [...SESSIONS] });
  await until(async () => (await focused()).startsWith('Parser fails'));
  await view.page.keyboard.press('Escape');
  await until(async () => (await focused()) === 'Message to Fimble');
});

test('earlier chats are opened and deleted', async () => {
  await view.show(FINISHED);
  await goTo('Earlier chats');
  await view.page.keyboard.press('Enter');
  await view.tell({ type: 'sessions', sessions: SESSIONS });
  await until(async () => (await focused()).startsWith('Parser fails'));
  await view.page.keyboard.press('ArrowDown');
  await view.page.keyboard.press('Delete');
  await until(async () => (await focused()) === 'Keep');
  await view.page.keyboard.press('Shift+Tab');
  await view.page.keyboard.press('Enter');
  assert.deepEqual(await told('delete'), [{ type: 'delete', session: 's2' }]);
  await view.tell({ type: 'sessions', sessions: SESSIONS.filter(({ id }) => id !== 's2') });
  assert.notEqual(await focused(), '');
  await goTo('Explain how');
  await view.page.keyboard.press('Enter');
  assert.deepEqual(await told('open'), [{ type: 'open', session: 's3' }]);
  await until(async () => (await focused()) === 'Message to Fimble');
});
