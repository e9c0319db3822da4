/** A client that leaves it to us what the user is told. */

import { LanguageClient } from 'vscode-languageclient/node';

export class QuietClient extends LanguageClient {
  /** It would show its own words for what we tell in ours. */
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}
