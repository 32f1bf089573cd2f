import { type Command, type Io, parseCommandLine, renderHelp } from './command.ts'

/** A command before its module is loaded: help and start stay quick, and no command pays for another. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  help(): Promise<string>
  run(args: readonly string[], io: Io): Promise<number>
}

function lazy(name: string, summary: string, load: () => Promise<Command>): CommandEntry {
  return {
    ...{ name, summary },
    help: async () => renderHelp(await load()),
    async run(args, io) {
      const command = await load()
      return command.run(parseCommandLine(command, args) as Parameters<Command['run']>[0], io)
    },
  }
}

const mission = () => import('./mission.ts')
const scheduleGetting = () => import('./schedules/schedule-get.ts')
const scheduleVerbs = () => import('./schedules/schedule-verbs.ts')
const limits = () => import('./limits.ts')
const calendarGetting = () => import('./calendars/calendar-get.ts')
const calendarVerbs = () => import('./calendars/calendar-verbs.ts')
const backfillGetting = () => import('./backfills/backfill-get.ts')
const backfillVerbs = () => import('./backfills/backfill-verbs.ts')
const models = () => import('./models/models.ts')

/** In the order of the help. */
export const commands: readonly CommandEntry[] = [
  lazy('up', 'The whole platform on this machine, with Redis and a store', async () => (await import('./up.ts')).up),
  lazy(
    'demo',
    'The same with a shop that breaks: see an anomaly within minutes',
    async () => (await import('./demo.ts')).demo,
  ),
  lazy('scheduler', 'API and planner (production)', async () => (await import('./processes.ts')).scheduler),
  lazy('worker', 'Worker of one pool (production)', async () => (await import('./processes.ts')).worker),
  lazy(
    'mission apply',
    'Create or update missions from files',
    async () => (await import('./mission-apply.ts')).missionApply,
  ),
  lazy('apply', 'The same as mission apply', async () => (await import('./mission-apply.ts')).apply),
  lazy('mission list', 'All missions and their state', async () => (await mission()).missionList),
  lazy('mission get', 'One mission in full', async () => (await mission()).missionGet),
  lazy(
    'mission series',
    'Its series: in which state, and why',
    async () => (await import('./mission-series.ts')).missionSeries,
  ),
  lazy('mission patch', 'Change some fields of a mission', async () => (await import('./patch.ts')).missionPatch),
  lazy('mission delete', 'Delete missions', async () => (await mission()).missionDelete),
  lazy('mission pause', 'Pause missions', async () => (await mission()).missionPause),
  lazy('mission resume', 'Resume missions', async () => (await mission()).missionResume),
  lazy('mission trigger', 'Ask for one run beside the schedule', async () => (await mission()).missionTrigger),
  lazy(
    'schedule list',
    'All schedules, those of missions too',
    async () => (await import('./schedules/schedule-list.ts')).scheduleList,
  ),
  lazy('schedule get', 'One schedule in full', async () => (await scheduleGetting()).scheduleGet),
  lazy('schedule times', 'When a schedule is due', async () => (await scheduleGetting()).scheduleTimes),
  lazy('schedule apply', 'Create or update schedules from files', async () => (await scheduleVerbs()).scheduleApply),
  lazy('schedule patch', 'Change some fields of a schedule', async () => (await import('./patch.ts')).schedulePatch),
  lazy('schedule delete', 'Delete schedules', async () => (await scheduleVerbs()).scheduleDelete),
  lazy('schedule pause', 'Pause schedules', async () => (await scheduleVerbs()).schedulePause),
  lazy('schedule resume', 'Resume schedules', async () => (await scheduleVerbs()).scheduleResume),
  lazy('schedule trigger', 'Ask for one run beside the schedule', async () => (await scheduleVerbs()).scheduleTrigger),
  lazy(
    'tick list',
    'What became of every due instant',
    async () => (await import('./schedules/tick-list.ts')).tickList,
  ),
  lazy(
    'calendar list',
    'When what does not run, alert or learn',
    async () => (await import('./calendars/calendar-list.ts')).calendarList,
  ),
  lazy('calendar get', 'One calendar in full', async () => (await calendarGetting()).calendarGet),
  lazy('calendar times', 'Windows of a calendar', async () => (await calendarGetting()).calendarTimes),
  lazy('calendar apply', 'Create or update calendars from files', async () => (await calendarVerbs()).calendarApply),
  lazy('calendar delete', 'Delete calendars', async () => (await calendarVerbs()).calendarDelete),
  lazy(
    'backfill create',
    'Forecast and score a past range of missions',
    async () => (await import('./backfills/backfill-create.ts')).backfillCreate,
  ),
  lazy('backfill list', 'Backfills and their progress', async () => (await backfillGetting()).backfillList),
  lazy('backfill get', 'One backfill in full', async () => (await backfillGetting()).backfillGet),
  lazy('backfill pause', 'Pause backfills', async () => (await backfillVerbs()).backfillPause),
  lazy('backfill resume', 'Resume paused backfills', async () => (await backfillVerbs()).backfillResume),
  lazy('backfill cancel', 'End backfills', async () => (await backfillVerbs()).backfillCancel),
  lazy('backfill delete', 'Forget backfills that are over', async () => (await backfillVerbs()).backfillDelete),
  lazy('run list', 'Runs of the workers', async () => (await import('./schedules/run-list.ts')).runList),
  lazy('run get', 'One run of the workers in full', async () => (await import('./run-show.ts')).runGet),
  lazy('run show', 'The same as run get', async () => (await import('./run-show.ts')).runShow),
  lazy('run logs', 'What its workers logged about a run', async () => (await import('./run-logs.ts')).runLogs),
  lazy('run cancel', 'End runs, waiting or at work', async () => (await import('./run-verbs.ts')).runCancel),
  lazy('run retry', 'Another attempt of runs that failed', async () => (await import('./run-verbs.ts')).runRetry),
  lazy('audit list', 'Who changed what', async () => (await import('./audit-list.ts')).auditList),
  lazy(
    'run forecast',
    'One forecast in this process, without a scheduler',
    async () => (await import('./run.ts')).runForecast,
  ),
  lazy(
    'run detect',
    'One detection in this process, without a scheduler',
    async () => (await import('./run.ts')).runDetect,
  ),
  lazy('limit list', 'Limits of the runs at work, and their use', async () => (await limits()).limitList),
  lazy('limit holders', 'Who holds places of a limit', async () => (await limits()).limitHolders),
  lazy('limit release', 'Take the places of runs away', async () => (await limits()).limitRelease),
  lazy('models list', 'Models that are installed, and known ones', async () => (await models()).modelsList),
  lazy(
    'models pull',
    'Install models from Hugging Face or a folder',
    async () => (await import('./models/pull.ts')).modelsPull,
  ),
  lazy('models verify', 'Check the files of models', async () => (await models()).modelsVerify),
  lazy('models remove', 'Remove models', async () => (await models()).modelsRemove),
  lazy(
    'models bench',
    'How many series a second a model forecasts here',
    async () => (await import('./models/bench.ts')).modelsBench,
  ),
  lazy(
    'forecast',
    'Forecast any series once: a query or a file, with a chart',
    async () => (await import('./forecast/forecast.ts')).forecast,
  ),
  lazy('status', 'Health of everything', async () => (await import('./status.ts')).status),
  lazy('config check', 'Check the configuration and show it', async () => (await import('./config.ts')).configCheck),
]
