/** Models: which there are, which one to take, and fetching it, by the `fimble` command. */

import { ProgressLocation, QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import { complaint, megabytes, parseStage, steps, type Model, type Recommendation } from './cli';
import { change, chosenModel, currentRoles } from './configuration';
import type { ModelServers } from './modelServers';
import { isLeftToAddress, notAsked } from './roles';
import { run, type Ended, type Options } from './run';
import { described, offered, proposed, type Served } from './servers';
import { warn } from './tell';
import { Cancelled, REMEDIES, Trouble } from './trouble';

const ASK_TIMEOUT_MS = 30_000;

export interface Command {
  /** Undefined while there is no server. */
  readonly command: string | undefined;
  /** Where it is run. */
  readonly cwd: string;
}

export class Models {
  constructor(
    private readonly fimble: () => Command,
    private readonly restart: () => Promise<void>,
    private readonly servers: ModelServers,
  ) {}

  /** Say which model fits this machine and why, and fetch it if the user wants it. */
  async setUp(): Promise<void> {
    const { model, bytes, why } = await this.ask<Recommendation>('recommend');
    await this.propose(model, `Fimble recommends ${model} (${megabytes(bytes)}). ${why}`);
  }

  /**
   * The model is not here: propose to fetch the one that the user has chosen, if he has, or to use
   * one of a server that runs here.
   */
  async offer(): Promise<void> {
    const name = chosenModel();
    const model = name && (await this.ask<Model[]>('list')).find((each) => each.model === name);
    if (model) {
      await this.propose(model.model, `${model.model} (${megabytes(model.bytes)}) is not on this machine yet.`);
    } else {
      await this.setUp();
    }
  }

  private async propose(model: string, sentence: string): Promise<void> {
    const fetchIt = 'Download';
    const others = 'Other Models…';
    const served = await this.servers.find();
    const useIt = served.length > 0 ? offered(served) : undefined;
    const chosen = await (useIt === undefined
      ? window.showInformationMessage(sentence, fetchIt, others)
      : window.showInformationMessage(`${sentence} ${useIt.sentence}`, useIt.button, fetchIt, others));
    if (chosen === fetchIt) {
      await this.use(model, false);
    } else if (chosen === others) {
      await this.choose();
    } else if (chosen !== undefined) {
      const one = proposed(served);
      await (one === undefined ? this.servers.choose() : this.servers.use(one));
    }
  }

  /** Let the user choose among what is here and what can be fetched. */
  async choose(): Promise<void> {
    const [models, served] = await Promise.all([this.ask<Model[]>('list'), this.servers.find()]);
    const chosen = await window.showQuickPick(choices(models, served), {
      title: 'Fimble: Switch Model',
      placeHolder: 'The model that writes suggestions',
      matchOnDescription: true,
    });
    if (chosen?.model !== undefined) {
      await this.use(chosen.model.model, chosen.model.where !== null);
    } else if (chosen?.served !== undefined) {
      await this.servers.use(chosen.served);
    }
  }

  private async use(model: string, isHere: boolean): Promise<void> {
    if (!isHere) {
      await this.pull(model);
    }
    const isOther = await change('model', model);
    const roles = currentRoles();
    // An endpoint that is named nowhere would go on answering; one that is named is wanted.
    const wasRemote = isLeftToAddress(roles) && (await change('remote.url', ''));
    if (!isOther && !wasRemote) {
      await this.restart(); // it looks for the file when it starts
    }
    await warn(notAsked(model, ['local', model], roles));
  }

  private async pull(model: string): Promise<void> {
    const options = {
      location: ProgressLocation.Notification,
      title: `Downloading ${model}`,
      cancellable: true,
    };
    await window.withProgress(options, async (progress, cancellation) => {
      const step = steps();
      const ended = await this.run(['pull', '--json', model], {
        cancellation,
        onLine: (line) => {
          const stage = parseStage(line);
          if (stage !== undefined) {
            progress.report(step(stage));
          }
        },
      });
      if (cancellation.isCancellationRequested) {
        throw new Cancelled();
      }
      if (ended.code !== 0) {
        throw new Trouble(complaint(ended.errors), [REMEDIES.model, REMEDIES.output]);
      }
    });
  }

  private async ask<T>(question: 'list' | 'recommend'): Promise<T> {
    const ended = await this.run([question, '--json'], { timeout: ASK_TIMEOUT_MS });
    if (ended.code !== 0) {
      throw new Trouble(complaint(ended.errors), [REMEDIES.output]);
    }
    return JSON.parse(ended.output) as T;
  }

  private run(args: readonly string[], options: Omit<Options, 'cwd'>): Promise<Ended> {
    const { command, cwd } = this.fimble();
    if (command === undefined) {
      throw new Trouble("Fimble's server is not set up yet, and models come with its help.", [
        REMEDIES.install,
        REMEDIES.settings,
      ]);
    }
    return run(command, ['models', ...args], { ...options, cwd });
  }
}

type Choice = QuickPickItem & { readonly model?: Model; readonly served?: Served };

function choices(models: readonly Model[], served: readonly Served[]): Choice[] {
  const choice = (model: Model): Choice => ({
    model,
    label: model.model,
    description: [model.kind, megabytes(model.bytes)].filter(Boolean).join(' · '),
    detail: model.where ?? 'Not here; it is downloaded if you choose it.',
  });
  const separator = (label: string): Choice => ({ label, kind: QuickPickItemKind.Separator });
  const here = models.filter((each) => each.where !== null);
  const away = models.filter((each) => each.where === null);
  const ofServers = served.map((each) => ({ ...described(each), served: each }));
  return [
    separator('On this machine'),
    ...here.map(choice),
    ...(ofServers.length > 0 ? [separator('Of servers on this machine')] : []),
    ...ofServers,
    separator('To download'),
    ...away.map(choice),
  ];
}
