/** Edits of the server, as the protocol has them. Those that ask for confirmation a model wrote. */

import { TextDocument } from 'vscode-languageserver-textdocument';
import { TextDocumentEdit, type TextEdit, type WorkspaceEdit } from 'vscode-languageserver-types';

/** What is done to the one file that an edit is about. */
export interface FileEdit {
  readonly uri: string;
  /** It is made first. */
  readonly isNew: boolean;
  /** Of the document that it was worked out for; undefined if it was not open. */
  readonly version: number | undefined;
  readonly edits: readonly TextEdit[];
}

/** Whether the user is to be asked before it is made, and can be by a diff of one file. */
export function isShown(edit: WorkspaceEdit): boolean {
  const asks = Object.values(edit.changeAnnotations ?? {}).some((each) => each.needsConfirmation === true);
  return asks && fileEdit(edit) !== undefined;
}

/** What they make of a text. */
export function resultOf(text: string, edits: readonly TextEdit[]): string {
  return TextDocument.applyEdits(TextDocument.create('file:', '', 0, text), [...edits]);
}

/** The same, without a question: the user has been asked. */
export function unasked(edit: WorkspaceEdit): WorkspaceEdit {
  const documentChanges = edit.documentChanges?.map((change) =>
    TextDocumentEdit.is(change)
      ? { ...change, edits: change.edits.map((each) => ({ range: each.range, newText: textOf(each) })) }
      : { ...change, annotationId: undefined },
  );
  return { documentChanges: documentChanges as NonNullable<WorkspaceEdit['documentChanges']> };
}

/** The file that is changed, or made and filled; undefined if there are several, or more is done. */
export function fileEdit(edit: WorkspaceEdit): FileEdit | undefined {
  const changes = edit.documentChanges ?? [];
  const made = changes.flatMap((each) => ('kind' in each && each.kind === 'create' ? [each.uri] : []));
  const [first, ...more] = changes.filter((each) => TextDocumentEdit.is(each));
  const isOne = first !== undefined && more.length === 0 && made.every((uri) => uri === first.textDocument.uri);
  if (!isOne || changes.length !== 1 + made.length) {
    return undefined;
  }
  const { uri, version } = first.textDocument;
  return {
    uri,
    isNew: made.length > 0,
    version: version ?? undefined,
    edits: first.edits.map((each) => ({ range: each.range, newText: textOf(each) })),
  };
}

function textOf(edit: TextDocumentEdit['edits'][number]): string {
  return 'newText' in edit ? edit.newText : edit.snippet.value;
}
