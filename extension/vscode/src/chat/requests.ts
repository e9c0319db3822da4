/** What the user does in the view. */

import { commands, window, workspace, type LogOutputChannel } from 'vscode';
import { guarded, tell } from '../tell';
import { REMEDIES, Trouble, type Remedy } from '../trouble';
import { copy, insert, propose } from './blocks';
import type { FimbleChat } from './chat';
import { mentionOfFile, showFile } from './files';
import type { FromView, ToView } from './protocol';
import { pathsOf } from './translate';
import { trust } from './trust';
import { lastTurn, mayHaveChanged } from './turns';

const UNDO = 'Undo Them';
const KEEP = 'Keep Them';

/** What is done about each message; what fails is told. */
export function answering(chat: FimbleChat, output: LogOutputChannel): (message: FromView) => void {
  const work = guarded(output, (message: FromView) => answered(chat, message));
  return (message) => void work(message);
}

async function answered(chat: FimbleChat, message: FromView): Promise<void> {
  const { conversation, changes, reviews, view } = chat;
  switch (message.type) {
    case 'ready':
      return chat.restore();
    case 'prompt':
      return chat.inTurn(() => said(chat, message.text));
    case 'explainFile':
      return chat.inTurn(() => said(chat, `Explain ${mentionOfFile()}`));
    case 'stop':
      return conversation.stop();
    case 'retry':
      return again(chat);
    case 'newChat':
      return chat.inTurn(() => conversation.clear());
    case 'sessions':
      return view.send(await sessionsOf(chat));
    case 'open':
      return chat.inTurn(() => conversation.open(message.session));
    case 'delete':
      return chat.inTurn(() => deleted(chat, message.session));
    case 'mode':
      return conversation.setMode(message.mode);
    case 'trust':
      return trust(chat.board, chat.link, workspace.isTrusted);
    case 'answer':
      return chat.asks.answer(message.ask, message.option);
    case 'showDiff':
      return reviews.showDiff(message.item, message.path);
    case 'review':
      return reviews.review(message.turn, message.path);
    case 'keep':
      return changes.keep(message.turn, message.path);
    case 'undo':
      return undo(chat, message.turn, message.path);
    case 'showFile':
      return showFile(message.path, message.line, pathsOf(chat.board.chat));
    case 'copy':
      return copy(message.text);
    case 'insert':
      return insert(message.text);
    case 'apply':
      return propose(message.text, chat.proposals);
    case 'mentions':
      return view.send(await chat.mentions(message.request, message.text));
    case 'command':
      return remedied(chat, message.command);
  }
}

/** Say something; what can't be said now is put back into the input. */
function said(chat: FimbleChat, text: string): void {
  if (!chat.conversation.prompt(text)) {
    chat.view.send({ type: 'compose', text });
    throw new Trouble('Wait for the answer, or stop it first.');
  }
}

/** Have the last turn once more. What it did to files is undone first, if the user wants that. */
async function again(chat: FimbleChat): Promise<void> {
  const turn = lastTurn(chat.board.chat);
  if (turn?.end !== undefined && mayHaveChanged(turn)) {
    await chat.changes.show(turn.number);
    const files = chat.changes.open(turn.number).length;
    if (files > 0) {
      const chosen = await window.showWarningMessage(
        `Undo the changes of ${files === 1 ? '1 file' : `${files} files`} before it is tried again?`,
        { modal: true, detail: 'The turn that made them leaves the chat.' },
        UNDO,
        KEEP,
      );
      if (chosen === undefined) {
        return;
      }
      if (chosen === UNDO) {
        await undo(chat, turn.number, undefined);
      }
    }
  }
  await chat.inTurn(() => chat.conversation.retry());
}

/** Has the view show its history, also if it has not asked. */
export async function sessionsOf(chat: FimbleChat): Promise<ToView> {
  return { type: 'sessions', sessions: await chat.sessions() };
}

/** Take back a file, or all of a turn; say what of the user's own stays. */
export async function undo(chat: FimbleChat, turn: number, path: string | undefined): Promise<void> {
  const { merged, message } = await chat.changes.undo(turn, path);
  if (merged.length > 0) {
    void tell(new Trouble(message), window.showInformationMessage);
  }
}

async function deleted(chat: FimbleChat, session: string): Promise<void> {
  await chat.conversation.remove(session);
  chat.view.send(await sessionsOf(chat));
}

async function remedied(chat: FimbleChat, command: string): Promise<void> {
  const remedies: readonly Remedy[] = [...(chat.trouble?.remedies ?? []), ...Object.values(REMEDIES)];
  const remedy = remedies.find((each) => each.command === command);
  if (remedy !== undefined) {
    await commands.executeCommand(remedy.command, remedy.argument);
  }
}
