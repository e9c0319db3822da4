/** The language server as a chat needs it. */

import { ConnectionError, ErrorCodes, ResponseError } from 'vscode-languageclient/node';
import type { Client } from '../client';
import { REMEDIES, Trouble } from '../trouble';
import type { Link } from './link';
import { sentenceOf } from './turns';

const GONE: readonly number[] = [ErrorCodes.PendingResponseRejected, ErrorCodes.ConnectionInactive];

export function linkTo(client: Client): Link {
  return {
    run: async () => {
      while (client.server.state === 'starting') {
        await new Promise<void>((resolve) => {
          const listener = client.onDidChange(() => {
            listener.dispose();
            resolve();
          });
        });
      }
      running(client);
      return client.runs;
    },
    request: async <T>(method: string, params: object): Promise<T> => {
      try {
        return await running(client).sendRequest<T>(`fimble/chat/${method}`, params);
      } catch (error) {
        throw troubleOf(error);
      }
    },
  };
}

function running(client: Client): NonNullable<Client['running']> {
  const found = client.running;
  if (found === undefined) {
    throw new Trouble(client.server.message, [REMEDIES.restart, REMEDIES.output]);
  }
  return found;
}

function troubleOf(error: unknown): Error {
  if (error instanceof ConnectionError || (error instanceof ResponseError && GONE.includes(error.code))) {
    return new Trouble('The server ended in the middle of it; try it again.', [REMEDIES.restart, REMEDIES.output]);
  }
  return error instanceof ResponseError ? new Trouble(sentenceOf(error)) : (error as Error);
}
