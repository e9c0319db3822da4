/** Brings the view into each of the states that are looked at. */

import * as states from './states.ts';
import { until, type View } from './view.ts';

export const STATES: Record<string, (view: View) => Promise<void>> = {
  empty: (view) => view.show(states.EMPTY),
  streaming: (view) => view.show(states.STREAMING),
  permission: (view) => view.show(states.ASKING),
  'permission-edit': (view) => view.show(states.ASKING_EDIT),
  finished: (view) => view.show(states.FINISHED),
  reasoning: async (view) => {
    await view.show(states.FINISHED);
    await view.page.getByText('Reasoning').click();
    await view.page.locator('.scroll').evaluate((scroll) => scroll.scrollTo(0, 0));
    await view.page.getByRole('button', { name: 'Jump to latest' }).waitFor();
  },
  trouble: (view) => view.show(states.TROUBLE),
  history: async (view) => {
    await view.show(states.FINISHED);
    await view.page.getByRole('button', { name: 'Earlier chats' }).click();
    await view.tell({ type: 'sessions', sessions: states.SESSIONS });
    await view.page.getByText('Add a --quiet option').waitFor();
    await view.page.locator('.session .icon-button').nth(1).click();
    await view.page.getByRole('group', { name: 'Delete this chat for good?' }).waitFor();
  },
  mentions: async (view) => {
    await view.show(states.FINISHED);
    await view.page.locator('#fimble-input').pressSequentially('Look at @pa');
    await answerMentions(view, 'pa');
  },
};

/** Wait for the question about what was typed behind the `@`, and answer it. */
export async function answerMentions(view: View, typed: string, items = states.MENTIONS): Promise<void> {
  let request: number | undefined;
  await until(async () => {
    const asked = (await view.told()).filter((message) => message.type === 'mentions');
    request = asked.findLast(({ text }) => text === typed)?.request;
    return request !== undefined;
  });
  await view.tell({ type: 'mentions', request: request ?? 0, items });
  await view.page.getByRole('listbox').waitFor();
}
