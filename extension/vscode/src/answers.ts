/** How what the server does is shown: failures with its own sentence, pages beside the code. */

import { CancellationError, Uri, ViewColumn, window, workspace } from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';
import { tell } from './tell';

type Of<K extends keyof Middleware> = NonNullable<Middleware[K]>;

export const executeCommand: Of<'executeCommand'> = (name, args, next) =>
  told(async () => (await next(name, args)) as unknown);

export const resolveCodeAction: Of<'resolveCodeAction'> = (item, token, next) =>
  told(async () => next(item, token));

/** The page is written by a model, so it is shown as text: a preview would load its pictures. */
export const showDocument: NonNullable<Of<'window'>['showDocument']> = async (params, token, next) => {
  if (params.external === true || !params.uri.endsWith('.md')) {
    return next(params, token);
  }
  const document = await workspace.openTextDocument(Uri.parse(params.uri, true));
  const options = { viewColumn: ViewColumn.Beside, preserveFocus: true, preview: true };
  await window.showTextDocument(document, options);
  return { success: true };
};

async function told<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CancellationError)) {
      await tell(error);
    }
    return undefined;
  }
}
