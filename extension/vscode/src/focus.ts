/** Where the user is, told to the server so that the model reads ahead. */

import { Disposable, TextEditorSelectionChangeKind, window } from 'vscode';
import type { Client } from './client';

/** The cursor rests if it has not moved for so long. */
const REST_MS = 250;

export function tellFocus(client: Client): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let wasReady = false;
  const tell = (): void => {
    const editor = window.activeTextEditor;
    if (editor !== undefined && client.isFollowed(editor)) {
      const { line, character } = editor.selection.active;
      const uri = editor.document.uri.toString();
      client.notify('fimble/didFocus', { textDocument: { uri }, position: { line, character } });
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
    client.onDidChange(() => {
      const isReady = client.server.state === 'ready';
      if (isReady && !wasReady) {
        later();
      }
      wasReady = isReady;
    }),
    new Disposable(() => clearTimeout(timer)),
  );
}
