/** Using a model server that runs on this machine. */

import { ConfigurationTarget, window, workspace } from 'vscode';
import type { Client } from './client';
import { currentRoles } from './configuration';
import { notAsked } from './roles';
import { described, remoteSettings, served, type ModelServer, type Served } from './servers';
import { warn } from './tell';
import { REMEDIES, Trouble } from './trouble';

const ENDPOINT = { ...REMEDIES.settings, argument: 'fimble.remote' };

export class ModelServers {
  constructor(private readonly client: () => Client) {}

  /** Look for them; this asks programs on this machine, and nobody else. Without our server there are none. */
  async find(): Promise<Served[]> {
    const told = await this.client().running?.sendRequest<{ servers: ModelServer[] }>('fimble/discover');
    return served(told?.servers ?? []);
  }

  /** Let the user choose among all that are found. */
  async choose(): Promise<void> {
    const found = await this.find();
    if (found.length === 0) {
      const sentence = 'No model server was found on this machine. Start Ollama, LM Studio or llama-server first.';
      throw new Trouble(sentence, [ENDPOINT]);
    }
    const items = found.map((each) => ({ ...described(each), served: each }));
    const chosen = await window.showQuickPick(items, {
      title: 'Fimble: Use a Model Server on This Machine',
      placeHolder: 'The model that writes suggestions and chats',
      matchOnDescription: true,
    });
    if (chosen !== undefined) {
      await this.use(chosen.served);
    }
  }

  /** Set it in the user's settings: which server runs on his machine is nothing that a folder decides. */
  async use(chosen: Served): Promise<void> {
    const remote = workspace.getConfiguration('fimble.remote');
    await this.client().changeTogether(async () => {
      for (const [name, value] of Object.entries(remoteSettings(chosen))) {
        if (value !== undefined || remote.inspect(name)?.globalValue !== undefined) {
          await remote.update(name, value, ConfigurationTarget.Global);
        }
      }
    });
    const { url } = chosen.server;
    if (workspace.getConfiguration('fimble.remote').get('url') !== url) {
      throw new Trouble("This workspace's settings name another endpoint, which counts here.", [ENDPOINT]);
    }
    await warn(notAsked(chosen.model.name, ['remote'], currentRoles()));
  }
}
