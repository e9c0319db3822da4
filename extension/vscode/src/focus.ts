/** Where the user is, told to the server so that the model reads ahead. */

import { Disposable, TextEditorSelectionChangeKind, window, workspace, type TextEditor } from 'vscode';
import type { Notify } from './completion';

/** The cursor rests if it has not moved for so long. */
const REST_MS = 250;

export function tellFocus(notify: Notify, isFollowed: (editor: TextEditor) => boolean): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    const editor = window.activeTextEditor;
    if (editor !== undefined && isFollowed(editor)) {
      const { line, character } = editor.selection.active;
      const uri = editor.document.uri.toString();
      notify('fimble/didFocus', { textDocument: { uri }, position: { line, character } });
    }
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(tell, REST_MS);
  };
  return Disposable.from(
    window.onDidChangeActiveTextEditor(later),
    // Keys that type are told as changes of the document.
    window.onDidChangeTextEditorSelection((event) => {
      if (event.kind !== TextEditorSelectionChangeKind.Keyboard) {
        later();
      }
    }),
    workspace.onDidOpenTextDocument(later),
    new Disposable(() => clearTimeout(timer)),
  );
}
