/** The folders and files that a chat is about. */

import { Range, Uri, window, workspace } from 'vscode';
import { Trouble } from '../trouble';
import { candidates, mentionOf } from './paths';

export function folders(): string[] {
  return (workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
}

/** Of a path: relative to its folder, for people. */
export function label(path: string): string {
  return workspace.asRelativePath(path, false);
}

/** Open a file of the folders, or one that the server has named; lines count from 1. Throws Trouble. */
export async function showFile(path: string, line: number | undefined, named: ReadonlySet<string>): Promise<void> {
  for (const place of candidates(path, folders(), named)) {
    const uri = Uri.file(place);
    const isThere = await workspace.fs.stat(uri).then(
      () => true,
      () => false,
    );
    if (isThere) {
      const at = Math.max(0, (line ?? 1) - 1);
      await window.showTextDocument(uri, { selection: new Range(at, 0, at, 0) });
      return;
    }
  }
  throw new Trouble(`${path} is no file of the folder that is open.`);
}

/** The file that the user is in, as it is pointed at in a message. Throws Trouble. */
export function mentionOfFile(): string {
  const editor = window.activeTextEditor ?? window.visibleTextEditors[0];
  if (editor === undefined || workspace.getWorkspaceFolder(editor.document.uri) === undefined) {
    throw new Trouble('Open the file of the folder that should be explained.');
  }
  return mentionOf(label(editor.document.uri.fsPath));
}

/** What the user has selected, or the file he is in, as it is pointed at in a message. Throws Trouble. */
export function mentionOfSelection(): string {
  const editor = window.activeTextEditor;
  if (editor === undefined || workspace.getWorkspaceFolder(editor.document.uri) === undefined) {
    throw new Trouble('Open a file of the folder, and select what the chat should be about.');
  }
  const { selection, document } = editor;
  const path = label(document.uri.fsPath);
  if (selection.isEmpty) {
    return mentionOf(path);
  }
  const { start, end } = selection;
  // The line in which nothing is selected is not meant.
  const last = end.character === 0 ? end.line : end.line + 1;
  return mentionOf(path, { first: start.line + 1, last });
}
