/** How what the server does is shown: failures with its own sentence. */

import { CancellationError } from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';
import { tell } from './tell';

type Of<K extends keyof Middleware> = NonNullable<Middleware[K]>;

export const executeCommand: Of<'executeCommand'> = (name, args, next) =>
  told(async () => (await next(name, args)) as unknown);

export const resolveCodeAction: Of<'resolveCodeAction'> = (item, token, next) =>
  told(async () => next(item, token));

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
