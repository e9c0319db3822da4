/** Code of an answer on its way into a file. */

import { env, window, WorkspaceEdit, type TextEditor } from 'vscode';
import type { Proposals } from '../proposals';
import { Trouble } from '../trouble';

export async function copy(text: string): Promise<void> {
  await env.clipboard.writeText(text);
}

/** At the cursor, in the place of what is selected. */
export async function insert(text: string): Promise<void> {
  const editor = activeEditor();
  if (!(await editor.edit((edit) => edit.replace(editor.selection, text)))) {
    throw new Trouble('The file can not be changed.');
  }
  await window.showTextDocument(editor.document, editor.viewColumn);
}

/** Show what the file would be: the block takes the place of what is selected, else it is inserted. */
export async function propose(text: string, proposals: Proposals): Promise<void> {
  const { document, selection } = activeEditor();
  const { uri } = document;
  const before = document.getText();
  const [start, end] = [document.offsetAt(selection.start), document.offsetAt(selection.end)];
  const edit = new WorkspaceEdit();
  edit.replace(uri, selection, text);
  await proposals.show({
    uri,
    before,
    after: before.slice(0, start) + text + before.slice(end),
    words: selection.isEmpty ? 'inserted at the cursor' : 'replaces the selection',
    edit,
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
