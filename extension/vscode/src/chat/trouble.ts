/** What keeps a chat from working. Pure. */

import type { Server } from '../status';
import { engineRemedies, REMEDIES, Trouble } from '../trouble';

export interface Surroundings {
  readonly server: Server;
  /** A server runs, though perhaps not its model. */
  readonly isThere: boolean;
  readonly hasFolder: boolean;
  /** An endpoint is asked, not a model on this machine. */
  readonly isRemote: boolean;
}

export function troubleOf({ server, isThere, hasFolder, isRemote }: Surroundings): Trouble | undefined {
  if (!hasFolder) {
    return new Trouble('A chat is about a folder, and none is open.', [REMEDIES.folder]);
  }
  switch (server.state) {
    case 'missing':
      return new Trouble(server.message, [REMEDIES.install, REMEDIES.settings]);
    case 'crashed':
      return new Trouble(server.message, [REMEDIES.restart, REMEDIES.output]);
    case 'stopped': // of a model: it is loaded when it is needed
      return isThere ? undefined : new Trouble(server.message, [REMEDIES.restart, REMEDIES.output]);
    case 'failed':
      return new Trouble(server.message, engineRemedies(isRemote));
    default:
      return undefined;
  }
}
