/** Whatever is said is shown, and nothing of it is done. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTILE, LAST } from './hostile.ts';
import { answerMentions } from './look.ts';
import { ask, call, chat, turn } from './states.ts';
import { inBrowser, type View } from './view.ts';

/** A text may take so many times as long as words of the same length; a frame is for free. */
const SHARE = 40;
const FREE_MS = 100;

const open = inBrowser();

for (const { name, text, reads } of HOSTILE) {
  test(name, async () => {
    const view = await open();
    const answer = text.length > 100_000 ? text : `${text}\n\n${LAST}`;
    await everywhere(view, answer);
    const seen = await view.page.locator('.markdown, .markdown + .hint').allInnerTexts();
    const expected = reads ?? LAST;
    assert.ok(seen.some((each) => each.includes(expected)), `${expected} is not in ${seen.join('\n').slice(0, 500)}`);
    assert.deepEqual(await odd(view), []);
    await clickAll(view);
    assert.deepEqual(await view.breaches(), []);
    assert.equal(await view.page.locator('#fimble-chat').count(), 1);
    await view.close();
  });
}

test('none of them takes much longer than words do', async () => {
  const view = await open();
  for (const { name, text } of HOSTILE) {
    const plain = await time(view, 'Some words. '.repeat(text.length / 12 + 1));
    const hostile = await time(view, text);
    assert.ok(hostile < SHARE * plain + FREE_MS, `${name}: ${hostile} ms, and words take ${plain} ms`);
  }
  await view.close();
});

/** Say it wherever something can be said. */
async function everywhere(view: View, text: string): Promise<void> {
  const diff = { path: text, label: text, oldText: text, newText: `${text}\n${text}` };
  const shown = call({ title: text, text, diffs: [diff], locations: [{ path: text, line: 1 }] });
  const place = call({ id: 'c2', title: text, status: 'failed', locations: [{ path: text, line: 1 }] });
  const steps = [{ content: text, status: 'pending' } as const];
  const options = [{ id: text, name: text, kind: 'allow_once' } as const];
  const open = turn({
    prompt: text,
    end: undefined,
    items: [
      { kind: 'text', text },
      { kind: 'thought', text },
      { kind: 'plan', steps },
      shown,
      place,
      ask({ id: text, title: text, about: `${text}\n${text}`, diff, options }),
    ],
  });
  const ended = turn({
    number: 2,
    prompt: text,
    items: [{ kind: 'text', text }],
    end: { stopReason: text, problem: text },
    changes: [{ path: text, label: text, added: 1, removed: 1, state: 'open' }],
  });
  const modes = [{ id: text, name: text, description: text }];
  await view.show(
    chat({
      title: text,
      turns: [ended, open],
      notes: [text],
      model: text,
      modes,
      mode: text,
      trouble: { sentence: text, remedies: [{ title: text, command: text }] },
    }),
  );
  await view.page.evaluate(() => document.querySelectorAll('summary').forEach((summary) => summary.click()));
  await view.page.evaluate(() => document.querySelectorAll<HTMLElement>('.call-row[aria-expanded=false]').forEach((row) => row.click()));
  await view.page.locator('#fimble-input').pressSequentially('@');
  await answerMentions(view, '', [{ mention: text, kind: 'file', detail: text }]);
  await view.page.keyboard.press('Escape');
  await view.tell({ type: 'compose', text: '' }, { type: 'sessions', sessions: [{ id: text, title: text, updatedAt: text }] });
  await view.page.locator('.session').waitFor();
  await view.page.locator('.history-button').evaluate((button: HTMLElement) => button.click());
}

/** What no text may bring into the page. */
function odd(view: View): Promise<string[]> {
  return view.page.evaluate(() => {
    const found = [...document.querySelectorAll('#fimble-chat *')].filter((element) => {
      const isTag = element.matches('script, style, link, meta, base, iframe, object, embed, img, a, video, audio, math, template');
      const names = element.getAttributeNames();
      const isOwn = element.closest('.markdown') === null || element.closest('.code-bar, .icon') !== null;
      const isAttribute = names.some((name) => /^on|^style$|^src|^href|^name$/.test(name)) || (!isOwn && names.includes('id'));
      return isTag || isAttribute;
    });
    return found.map((element) => element.outerHTML.slice(0, 200));
  });
}

/** Click what looks like a link; what opens files only tells the extension. */
async function clickAll(view: View): Promise<void> {
  await view.page.evaluate(() => {
    const links = document.querySelectorAll<HTMLElement>('.link, .address, .image, .place-button, .code-bar button, .link-button');
    [...links].slice(0, 50).forEach((link) => link.click());
  });
  const opened = (await view.told()).filter((message) => message.type === 'showFile' && message.line !== 1);
  assert.deepEqual(opened.filter((message) => message.type === 'showFile' && /^[\\/]{2}|^\w+:\/\//.test(message.path)), []);
}

async function time(view: View, text: string): Promise<number> {
  await view.show(chat({ turns: [] }));
  const shown = chat({ turns: [turn({ items: [{ kind: 'text', text }] })] });
  const began = performance.now();
  await view.show(shown);
  return performance.now() - began;
}
