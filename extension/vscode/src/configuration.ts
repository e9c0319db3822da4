/** Reading and changing the extension's settings. */

import { ConfigurationTarget, workspace, type Extension } from 'vscode';
import type { Roles } from './roles';
import { forServer, modelName } from './settings';

interface Manifest {
  readonly contributes: { readonly configuration: { readonly properties: object }[] };
}

/** What the server is sent: all settings of the extension but its own. */
export function serverSettings(extension: Extension<unknown>): object {
  const { configuration } = (extension.packageJSON as Manifest).contributes;
  const names = configuration.flatMap((each) => Object.keys(each.properties));
  const values = workspace.getConfiguration();
  return forServer(names, (name) => values.get(name));
}

export function currentModel(): string {
  const values = workspace.getConfiguration('fimble');
  return modelName(
    values.get('model', ''),
    values.get('remote.url', ''),
    values.get('remote.model', ''),
    values.get<string[]>('roles.fim', []),
  );
}

/** The model that the user has set; undefined: he has left it to us. */
export function chosenModel(): string | undefined {
  const set = workspace.getConfiguration('fimble').inspect<string>('model');
  return set?.workspaceValue ?? set?.globalValue;
}

/** An endpoint is asked, not a model on this machine. */
export function isRemote(): boolean {
  return workspace.getConfiguration('fimble').get('remote.url', '') !== '';
}

/** Which engines the user has named for each role. */
export function currentRoles(): Roles {
  const roles = workspace.getConfiguration('fimble.roles');
  return { fim: roles.get<string[]>('fim', []), chat: roles.get<string[]>('chat', []) };
}

export function disabledLanguages(): string[] {
  return workspace.getConfiguration('fimble').get<string[]>('completion.disabledLanguages', []);
}

/** Set a value where the one that counts now is set. Returns whether it is another. */
export async function change(name: string, value: unknown): Promise<boolean> {
  const values = workspace.getConfiguration('fimble');
  if (JSON.stringify(values.get(name)) === JSON.stringify(value)) {
    return false;
  }
  const set = values.inspect(name);
  const isLocal = set?.workspaceValue !== undefined;
  await values.update(name, value, isLocal ? ConfigurationTarget.Workspace : ConfigurationTarget.Global);
  return true;
}
