/** What an update costs must not grow with what is shown already. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CDPSession } from 'playwright-core';
import type { Chat } from '../../../extension/vscode/src/chat/protocol.ts';
import { chat, FINISHED, turn } from './states.ts';
import { inBrowser } from './view.ts';

/** For ten times as much, an update may take so many times as long; ten would be in proportion. */
const MOST = 4;
/** A list is one block, and as long as it grows, all of it is read again. */
const MOST_OF_LIST = 8;
const UPDATES = 40;

const PARAGRAPH = 'Some *words* of an answer, with `code` in them, that are long enough for two lines on a screen.\n\n';
const LINE = '    value = compute(first, second) + 17  # of all\n';
const ANSWERS: Record<string, (length: number) => string> = {
  paragraphs: (length) => PARAGRAPH.repeat(length / PARAGRAPH.length),
  'blocks of code': (length) => `\`\`\`python\n${LINE.repeat(5)}\`\`\`\n\n`.repeat(length / (5 * LINE.length + 17)),
  'one block of code': (length) => `\`\`\`python\n${LINE.repeat(length / LINE.length)}`,
  'one list': (length) => '- An entry of a list with `code`\n'.repeat(length / 33),
};

const open = inBrowser();

for (const [sort, answer] of Object.entries(ANSWERS)) {
  test(`an answer grows: ${sort}`, async () => {
    const running = (length: number): Chat =>
      chat({ isRunning: true, turns: [turn({ end: undefined, items: [{ kind: 'text', text: answer(length) }] })] });
    await compare(running(2_000), running(20_000), sort === 'one list' ? MOST_OF_LIST : MOST);
  });
}

test('a chat grows', async () => {
  const [finished] = FINISHED.turns;
  const running = (count: number): Chat => {
    const earlier = Array.from({ length: count }, (_, at) => ({ ...turn(finished ?? {}), number: at + 1 }));
    return chat({ isRunning: true, turns: [...earlier, turn({ number: count + 1, end: undefined, items: [{ kind: 'text', text: 'Now' }] })] });
  };
  await compare(running(20), running(200), MOST);
});

async function compare(small: Chat, large: Chat, most: number): Promise<void> {
  const few = await cost(small);
  const many = await cost(large);
  console.log(`${few.toFixed(2)} ms, and for ten times as much ${many.toFixed(2)} ms`);
  assert.ok(many < most * few, `${few} ms, and for ten times as much ${many} ms`);
}

/** What the page takes for an update of the last turn, in milliseconds of work. */
async function cost(before: Chat): Promise<number> {
  const view = await open();
  const session = await view.page.context().newCDPSession(view.page);
  await session.send('Performance.enable');
  await view.show(before);
  const number = before.turns.at(-1)?.number ?? 0;
  const more = { type: 'updates', updates: [{ type: 'item', turn: number, item: { kind: 'text', text: ' more' } }] } as const;
  await view.tell(more);
  const began = await work(session);
  for (let count = 0; count < UPDATES; count += 1) {
    await view.tell(more);
  }
  const took = (await work(session)) - began;
  const shown = await view.page.locator('.markdown').last().innerText();
  assert.equal(shown.match(/more/g)?.length, UPDATES + 1, 'not all of it is shown');
  await view.close();
  return (1_000 * took) / UPDATES;
}

async function work(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN;
}
