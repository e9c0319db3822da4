/** What a model wrote is looked at in the diff editor before it is made. */

import { CancellationTokenSource, commands, workspace, type Disposable } from 'vscode';
import {
  CodeActionResolveRequest,
  type CodeAction,
  type LanguageClient,
  type Middleware,
  type WorkspaceEdit,
} from 'vscode-languageclient/node';
import { fileEdit, isShown, resultOf, unasked } from './annotated';
import type { Proposals } from './proposals';

type Of<K extends keyof Middleware> = NonNullable<Middleware[K]>;

const PROPOSE = 'fimble.proposeEdit';

export class ModelEdits {
  constructor(
    private readonly running: () => LanguageClient | undefined,
    private readonly proposals: () => Proposals,
  ) {}

  register(): Disposable {
    return commands.registerCommand(PROPOSE, (edit: WorkspaceEdit) => this.propose(edit));
  }

  /** An action of the light bulb opens the diff instead of making its edit. */
  readonly sendRequest: Of<'sendRequest'> = async (type, param, token, next) => {
    const result = await next(type, param, token);
    const method = typeof type === 'string' ? type : type.method;
    if (method !== CodeActionResolveRequest.method) {
      return result;
    }
    const action = result as CodeAction;
    const { edit, ...rest } = action;
    if (edit === undefined || !isShown(edit)) {
      return result;
    }
    const command = { title: action.title, command: PROPOSE, arguments: [edit] };
    return { ...rest, command } as typeof result;
  };

  /** As does an edit that the server makes by itself. */
  readonly handleApplyEdit: NonNullable<Of<'workspace'>['handleApplyEdit']> = async (params, next) =>
    isShown(params.edit) ? { applied: await this.propose(params.edit) } : next(params, new CancellationTokenSource().token);

  private async propose(edit: WorkspaceEdit): Promise<boolean> {
    const converter = this.running()?.protocol2CodeConverter;
    const file = fileEdit(edit);
    if (converter === undefined || file === undefined) {
      return false;
    }
    const uri = converter.asUri(file.uri);
    const open = workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
    const before = open?.getText() ?? '';
    return this.proposals().show({
      uri,
      version: file.version === undefined ? undefined : open?.version,
      before,
      after: resultOf(before, file.edits),
      words: open === undefined ? 'new' : 'proposed',
      edit: await converter.asWorkspaceEdit(unasked(edit)),
    });
  }
}
