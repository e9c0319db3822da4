/** What a model wrote is looked at in the diff editor before it is made. */

import {
  CancellationTokenSource,
  Uri,
  workspace,
  type LogOutputChannel,
  type TextDocument,
} from 'vscode';
import type { CodeAction, LanguageClient, Middleware, WorkspaceEdit } from 'vscode-languageclient/node';
import { fileEdit, isShown, resultOf, unasked } from './annotated';
import { CHANGED, type Proposals } from './proposals';
import { guarded } from './tell';
import { REMEDIES, Trouble } from './trouble';

type Of<K extends keyof Middleware> = NonNullable<Middleware[K]>;

/** What the server calls the edits of a chat, which the user has allowed. */
const CHAT = 'Fimble';
const RESOLVE = 'codeAction/resolve';

export class ModelEdits {
  private readonly fail: (error: unknown) => Promise<void>;

  constructor(
    private readonly running: () => LanguageClient | undefined,
    private readonly proposals: () => Proposals,
    output: LogOutputChannel,
  ) {
    this.fail = guarded(output, (error) => Promise.reject(error as Error));
  }

  /**
   * An action of the light bulb opens the diff instead of making its edit. Not by a command of the
   * action: the editor drops that without a word if it has asked for actions anew meanwhile.
   */
  readonly sendRequest: Of<'sendRequest'> = async (type, param, token, next) => {
    const result = await next(type, param, token);
    const method = typeof type === 'string' ? type : type.method;
    if (method !== RESOLVE) {
      return result;
    }
    const action = result as CodeAction;
    const { edit, ...rest } = action;
    if (edit === undefined || !isShown(edit)) {
      return result;
    }
    void this.propose(edit).catch(this.fail);
    return rest as typeof result;
  };

  /**
   * As does an edit that the server makes by itself. What the chat does to a file was allowed, so one
   * that had nothing to save is saved: commands, and the user's other tools, read the disk.
   */
  readonly handleApplyEdit: NonNullable<Of<'workspace'>['handleApplyEdit']> = async (params, next) => {
    if (!isShown(params.edit)) {
      const isOfChat = params.label === CHAT;
      const clean = documentsOf(params.edit).filter((each) => isOfChat && !each.isDirty);
      const result = await next(params, new CancellationTokenSource().token);
      await Promise.all(clean.filter((each) => each.isDirty).map(async (each) => each.save()));
      return result;
    }
    try {
      return { applied: await this.propose(params.edit) };
    } catch (error) {
      void this.fail(error);
      return { applied: false };
    }
  };

  /** Returns whether it was made. Throws Trouble where it was worked out for another text. */
  private async propose(edit: WorkspaceEdit): Promise<boolean> {
    const converter = this.running()?.protocol2CodeConverter;
    const file = fileEdit(edit);
    if (converter === undefined || file === undefined) {
      throw new Trouble('The server ended meanwhile; ask for it again.', [REMEDIES.restart, REMEDIES.output]);
    }
    const { isNew, edits, version } = file;
    const uri = converter.asUri(file.uri);
    const before = isNew ? undefined : await textOf(uri, version);
    return this.proposals().show({
      uri,
      before,
      after: resultOf(before ?? '', edits),
      words: isNew ? 'new' : 'proposed',
      edit: await converter.asWorkspaceEdit(unasked(edit)),
    });
  }
}

/** Those of an edit that are open. */
function documentsOf(edit: WorkspaceEdit): TextDocument[] {
  const uris = new Set((edit.documentChanges ?? []).flatMap((each) => ('textDocument' in each ? [each.textDocument.uri] : [])));
  const same = [...uris].map((uri) => Uri.parse(uri).toString());
  return workspace.textDocuments.filter((each) => same.includes(each.uri.toString()));
}

/** What a file says, open or not. Throws Trouble if that is not what the server knew. */
async function textOf(uri: Uri, version: number | undefined): Promise<string> {
  const document = await workspace.openTextDocument(uri);
  if (version !== undefined && document.version !== version) {
    throw new Trouble(CHANGED);
  }
  return document.getText();
}
