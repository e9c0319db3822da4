/** Where the server is: where the user says, on PATH, or in an environment of its own. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ProgressLocation, window, workspace, type ExtensionContext, type LogOutputChannel } from 'vscode';
import { install, installed, requirement, type Plan } from './environment';
import { fimbleVersion, onPath, userPath } from './find';
import { REMEDIES, Trouble } from './trouble';

export interface Found {
  readonly command: string;
  readonly version: string;
}

export class Locator {
  constructor(
    private readonly context: ExtensionContext,
    private readonly output: LogOutputChannel,
  ) {}

  /** A folder of our own to run programs in. */
  get storage(): string {
    return this.context.globalStorageUri.fsPath;
  }

  /** The server, or undefined if there is none. Throws Trouble if the user's own is not one. */
  async find(): Promise<Found | undefined> {
    await workspace.fs.createDirectory(this.context.globalStorageUri);
    const set = setting('command');
    if (set !== '') {
      return this.checked(await userPath(set, 'fimble.server.command'));
    }
    const here = await onPath('fimble', process.env['PATH'] ?? '');
    const version = here && (await fimbleVersion(here, this.storage));
    if (here !== undefined && version !== undefined) {
      return { command: here, version };
    }
    const own = await installed(await this.plan());
    return own === undefined ? undefined : this.checked(own);
  }

  /** Set it up in an environment of its own. Throws Trouble or Cancelled. */
  async install(): Promise<void> {
    await workspace.fs.createDirectory(this.context.globalStorageUri);
    const plan = await this.plan();
    const options = {
      location: ProgressLocation.Notification,
      title: 'Setting up Fimble',
      cancellable: true,
    };
    await window.withProgress(options, (progress, cancellation) =>
      install(plan, {
        cancellation,
        report: (message) => progress.report({ message }),
        log: (line) => this.output.info(line),
      }),
    );
  }

  private async checked(command: string): Promise<Found> {
    const version = await fimbleVersion(command, this.storage);
    if (version === undefined) {
      throw new Trouble(`${command} does not answer as Fimble does; correct fimble.server.command.`, [
        REMEDIES.settings,
        REMEDIES.install,
      ]);
    }
    return { command, version };
  }

  private async plan(): Promise<Plan> {
    const shipped = this.context.asAbsolutePath('dist');
    const wheel = (await readdir(shipped)).find((name) => name.endsWith('.whl')) ?? 'fimble.whl';
    return {
      storage: this.storage,
      python: setting('python'),
      requirement: requirement(setting('package'), join(shipped, wheel)),
    };
  }
}

function setting(name: 'command' | 'python' | 'package'): string {
  return workspace.getConfiguration('fimble.server').get(name, '').trim();
}
