/** Code of an answer on its way into a file. */

import { env, Range, Selection, window, workspace, WorkspaceEdit, type TextEditor, type Uri } from 'vscode';
import { Trouble } from '../trouble';
import type { Diffs } from './diffs';

interface Block {
  readonly uri: Uri;
  readonly version: number;
  readonly range: Range;
  readonly text: string;
}

export async function copy(text: string): Promise<void> {
  await env.clipboard.writeText(text);
}

/** At the cursor, in the place of what is selected. */
export async function insert(text: string): Promise<void> {
  const editor = activeEditor();
  await editor.edit((edit) => edit.replace(editor.selection, text));
  await window.showTextDocument(editor.document, editor.viewColumn);
}

/** Blocks that are shown in a diff before they are made. */
export class Blocks {
  /** By the right side of their diff. */
  private readonly shown = new Map<string, Block>();

  constructor(private readonly diffs: Diffs) {
    diffs.onDidClose((right) => this.shown.delete(right.toString()));
  }

  /** Show what the file would be: the block takes the place of what is selected, else it is inserted. */
  async show(text: string): Promise<void> {
    const { document, selection } = activeEditor();
    const before = document.getText();
    const [start, end] = [document.offsetAt(selection.start), document.offsetAt(selection.end)];
    const right = await this.diffs.show({
      uri: document.uri,
      before,
      after: before.slice(0, start) + text + before.slice(end),
      kind: 'block',
      words: selection.isEmpty ? 'inserted at the cursor' : 'replaces the selection',
    });
    this.shown.set(right.toString(), {
      uri: document.uri,
      version: document.version,
      range: selection,
      text,
    });
  }

  /** Make what a diff shows. Throws Trouble if the file is another by now. */
  async apply(right: Uri): Promise<void> {
    const block = this.shown.get(right.toString());
    if (block === undefined) {
      return;
    }
    const { uri, version, range, text } = block;
    const document = await workspace.openTextDocument(uri);
    if (document.version !== version) {
      throw new Trouble('The file has been changed since; apply the code again.');
    }
    const edit = new WorkspaceEdit();
    edit.replace(uri, range, text);
    if (!(await workspace.applyEdit(edit))) {
      throw new Trouble('The file can not be changed.');
    }
    await this.diffs.close(right);
    const place = document.positionAt(document.offsetAt(range.start) + text.length);
    await window.showTextDocument(document, { selection: new Selection(place, place) });
  }
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
