/** Code of an answer on its way into a file. */

import { EndOfLine, env, window, WorkspaceEdit, type Selection, type TextDocument, type TextEditor } from 'vscode';
import type { Proposals } from '../proposals';
import { Trouble } from '../trouble';
import { placed } from './indent';

export async function copy(text: string): Promise<void> {
  await env.clipboard.writeText(text);
}

/** At the cursor, in the place of what is selected. */
export async function insert(text: string): Promise<void> {
  const editor = activeEditor();
  const { document, selection } = editor;
  const block = placedIn(document, selection, text);
  if (!(await editor.edit((edit) => edit.replace(selection, block)))) {
    throw new Trouble('The file can not be changed.');
  }
  await window.showTextDocument(document, editor.viewColumn);
}

/** Show what the file would be: the block takes the place of what is selected, else it is inserted. */
export async function propose(text: string, proposals: Proposals): Promise<void> {
  const { document, selection } = activeEditor();
  const { uri } = document;
  const before = document.getText();
  const [start, end] = [document.offsetAt(selection.start), document.offsetAt(selection.end)];
  const edit = new WorkspaceEdit();
  const block = placedIn(document, selection, text);
  edit.replace(uri, selection, block);
  await proposals.show({
    uri,
    before,
    after: before.slice(0, start) + block + before.slice(end),
    words: selection.isEmpty ? 'inserted at the cursor' : 'replaces the selection',
    edit,
  });
}

function placedIn(document: TextDocument, { start, end }: Selection, text: string): string {
  return placed(text, {
    line: document.lineAt(start.line).text,
    character: start.character,
    rest: document.lineAt(end.line).text.slice(end.character),
    eol: document.eol === EndOfLine.CRLF ? '\r\n' : '\n',
  });
}

/** The editor that the user was in last. Throws Trouble if there is none. */
function activeEditor(): TextEditor {
  const editors = [window.activeTextEditor, ...window.visibleTextEditors];
  const found = editors.find((each) => each !== undefined && ['file', 'untitled'].includes(each.document.uri.scheme));
  if (found === undefined) {
    throw new Trouble('Open the file that the code is for, and put the cursor there.');
  }
  return found;
}
