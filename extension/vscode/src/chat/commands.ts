/** The chat's commands of the palette, of keys and of buttons. */

import { commands, Disposable, Uri, window, type LogOutputChannel } from 'vscode';
import { guarded } from '../tell';
import type { FimbleChat } from './chat';
import { mentionOfSelection } from './files';
import { sessionsOf, undo } from './requests';

export function registerChat(chat: FimbleChat, output: LogOutputChannel): Disposable {
  const { changes, conversation, diffs, proposals, reviews, view } = chat;
  const table: Record<string, () => unknown> = {
    openChat: () => view.open({ type: 'compose', text: undefined }),
    newChat: async () => {
      await chat.inTurn(() => conversation.clear());
      await view.open({ type: 'compose', text: '' });
    },
    chatHistory: async () => view.open(await sessionsOf(chat)),
    addSelectionToChat: () => view.open({ type: 'compose', text: `${mentionOfSelection()} ` }),
    stopChat: () => conversation.stop(),
    undoTurn: () => undo(chat, changes.latest(), undefined),
  };
  // Buttons of diffs.
  const buttons: Record<string, (diff: Uri) => unknown> = {
    allowEdit: (diff) => reviews.answer(diff, 'allow_once'),
    rejectEdit: (diff) => reviews.answer(diff, 'reject_once'),
    applyProposal: (diff) => proposals.apply(diff),
    discardProposal: (diff) => diffs.close(diff),
    keepFile: (diff) => reviews.keep(diff),
    undoFile: async (diff) => {
      const of = reviews.of(diff);
      if (of !== undefined) {
        await undo(chat, of.turn, of.path);
        await diffs.close(diff);
      }
    },
  };
  const register = (name: string, work: (argument: unknown) => unknown): Disposable =>
    commands.registerCommand(`fimble.${name}`, guarded(output, work));
  return Disposable.from(
    ...Object.entries(table).map(([name, work]) => register(name, work)),
    ...Object.entries(buttons).map(([name, work]) =>
      register(name, (argument) => {
        const right = argument instanceof Uri ? argument : window.activeTextEditor?.document.uri;
        return right === undefined ? undefined : work(diffs.of(right));
      }),
    ),
  );
}
