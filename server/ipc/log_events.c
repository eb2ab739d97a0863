/* The one table of log events. The sentence says what has happened and what follows from it, the
 * remedy what a person does then, for docs/troubleshooting.md; every warning has one. A field in
 * brackets may be missing; of `a/b` a line has one. */
#include "server/ipc/log_events.h"

#include <stddef.h>
#include <string.h>

const struct log_event_row log_events[LOG_EVENT_COUNT] = {
    /* event: name, level, worst level if it varies, fields, sentence, remedy */
    [LOG_REFUSED] = {"refused", LOG_INFO, LOG_ERROR, "[id] route/path peer status code [reason] ms",
                     "A request was refused; `code` is the `error` of the answer.",
                     "Look up `code` in the table of answers, and read `reason`."},
    [LOG_ACCEPTED] = {"accepted", LOG_INFO, LOG_INFO, "id route/path peer status [reason] ms",
                      "An event is in the journal, and its actions follow."},
    [LOG_AGAIN] = {"again", LOG_INFO, LOG_INFO, "id route/path peer status [reason] ms",
                   "An event came again, and what had failed of it runs again."},
    [LOG_DUPLICATE] = {"duplicate", LOG_INFO, LOG_INFO, "id route/path peer status [reason] ms",
                       "An event came again, and nothing runs; `id` is the first."},
    [LOG_IGNORED] =
        {"ignored", LOG_INFO, LOG_INFO, "[id] route/path peer status [reason] ms",
         "`events`, `when` or what the actions take leaves the event out; nothing is stored."},
    [LOG_HANDSHAKE] =
        {"handshake", LOG_INFO, LOG_INFO, "[id] route/path peer status [reason] ms",
         "A challenge, a HEAD or an OPTIONS by which the sender tries out the address was "
         "answered."},
    [LOG_QUARANTINED] =
        {"quarantined", LOG_WARNING, LOG_WARNING, "id route/path peer status [reason] ms",
         "An event that does not fit the schema is in the journal, and none of its actions runs.",
         "Run `tenterhook events show` with the id: it says what does not fit. Once the schema is "
         "mended, `tenterhook replay` runs the event."},
    [LOG_TRACKED] = {"tracked", LOG_DEBUG, LOG_DEBUG, "id route peer status ms",
                     "A client with the link of an event was told what has become of the event."},
    [LOG_HANDSHAKE_FAILED] =
        {"handshake_failed", LOG_INFO, LOG_INFO, "peer reason held_back",
         "A TLS handshake failed; `held_back` counts the lines left out before.",
         "Read `reason`: a wrong URL, a certificate that the client does not accept, or a "
         "stranger."},
    [LOG_PROXY_REFUSED] =
        {"proxy_refused", LOG_WARNING, LOG_WARNING, "peer reason held_back",
         "A connection did not begin as `proxy_protocol` of its address demands.",
         "Have the proxy send the PROXY protocol, or set `proxy_protocol: off` for the address."},
    [LOG_CONNECTIONS_FULL] = {"connections_full", LOG_WARNING, LOG_WARNING, "connections held_back",
                              "As many connections as `server.connections` allows are open: an "
                              "idle one is closed, or new ones wait.",
                              "Raise `server.connections`, or find out who holds so many open."},
    [LOG_DESCRIPTORS_SHORT] =
        {"descriptors_short", LOG_WARNING, LOG_WARNING, "descriptors connections wanted reason",
         "The limit on open files allows fewer connections than `server.connections`.",
         "Raise the limit on open files (`LimitNOFILE=` of the unit), or lower "
         "`server.connections`."},
    [LOG_ACCEPT_FAILED] = {"accept_failed", LOG_ERROR, LOG_ERROR, "reason held_back",
                           "The system gives no new connection.",
                           "Read `reason`: most often the machine or the process has no "
                           "descriptors or no memory left."},
    [LOG_HTTP_LIBRARY] = {"http_library", LOG_DEBUG, LOG_DEBUG, "text held_back",
                          "A message of libmicrohttpd."},
    [LOG_CHANNEL_MADE] = {"channel_made", LOG_WARNING, LOG_WARNING, "listener runner",
                          "The supervisor connects a listener with the runner again.",
                          "Nothing, if it happens once; the line before it has the cause."},
    [LOG_CHANNEL_LOST] =
        {"channel_lost", LOG_WARNING, LOG_WARNING, "reason",
         "A listener lost the runner; events are answered 503 until it has a new one.",
         "Nothing, if it happens once. Else look for `died role=runner`."},
    [LOG_CHANNEL_BROKEN] =
        {"channel_broken", LOG_ERROR, LOG_ERROR, "slot reason",
         "A listener sent the runner a frame that breaks the rules, and is disconnected.",
         "Report it: this is a fault of the program."},
    [LOG_CHANNEL_FAILED] =
        {"channel_failed", LOG_ERROR, LOG_ERROR, "[listener/slot] reason",
         "A listener and the runner could not be connected; it is tried again.",
         "Read `reason`: most often the machine has no descriptors or no memory left."},
    [LOG_LISTENING] = {"listening", LOG_INFO, LOG_INFO, "address",
                       "The server listens on an address."},
    [LOG_SOCKET_FAILED] =
        {"socket_failed", LOG_ERROR, LOG_ERROR, "address reason",
         "An address of a new configuration cannot be listened on.",
         "Find who listens there (`ss -ltnp`), or correct the address; then reload."},
    [LOG_CONTROL_FAILED] = {"control_failed", LOG_WARNING, LOG_WARNING, "reason",
                            "There is no control socket: `status`, `cancel` and the like know only "
                            "what is in the journal.",
                            "Make `/run/tenterhook` or the journal's directory writable for the "
                            "server's user, then restart."},
    [LOG_SERVING] = {"serving", LOG_INFO, LOG_INFO,
                     "generation routes body_memory sqlite checkpoints",
                     "All processes of a generation are ready, and it takes over."},
    [LOG_CONFIGURATION] = {"configuration", LOG_WARNING, LOG_ERROR, "at reason",
                           "What is wrong with the route file, at FILE:LINE:COLUMN.",
                           "Run `tenterhook check`, of a service `tenterhook check --unit "
                           "tenterhook`: it shows the line. Then reload."},
    [LOG_RELOAD_FAILED] =
        {"reload_failed", LOG_ERROR, LOG_ERROR, "reason serving",
         "A reload failed, and the configuration before goes on.",
         "Mend what the lines `configuration` before it say, then `tenterhook reload`."},
    [LOG_GENERATION_LEFT] = {"generation_left", LOG_INFO, LOG_INFO, "generation",
                             "The last process of an older generation ended."},
    [LOG_CONTAINED] = {"contained", LOG_INFO, LOG_INFO, "cgroup limits",
                       "Each command gets a cgroup below this one, which ends all that it starts; "
                       "`limits` are those that such a cgroup has."},
    [LOG_UNCONTAINED] =
        {"uncontained", LOG_INFO, LOG_WARNING, "reason",
         "Commands get no cgroup: what leaves their process group is not ended.",
         "Set `Delegate=yes` in the unit, or `server.cgroup: off` if it is meant so."},
    [LOG_STARTED] = {"started", LOG_INFO, LOG_INFO, "role pid generation",
                     "The supervisor started a process."},
    [LOG_START_FAILED] = {"start_failed", LOG_ERROR, LOG_ERROR, "reason",
                          "A process could not be started, or could not begin its work.",
                          "Read `reason`: most often a limit on processes, memory or descriptors."},
    [LOG_LEFT] = {"left", LOG_INFO, LOG_INFO, "role pid signal/exit",
                  "A process ended as it was told to."},
    [LOG_DIED] = {"died", LOG_ERROR, LOG_ERROR, "role pid signal/exit",
                  "A process ended that should not have; it is started again.",
                  "Read the lines of the process before it, and `dmesg` for the killer of "
                  "processes without memory. If it happens again, report it."},
    [LOG_HUNG] =
        {"hung", LOG_ERROR, LOG_ERROR, "role pid",
         "A process was silent for a minute, and is killed and started again.",
         "Look at the disk (`iostat -x`, `dmesg`): a process that waits for it is silent too."},
    [LOG_KILLED] = {"killed", LOG_WARNING, LOG_WARNING, "role pid reason",
                    "A process did not end in time, and is killed.",
                    "Nothing, if it happens once at a stop. Else look at the disk, or raise "
                    "`server.shutdown_grace`."},
    [LOG_UNREACHABLE] = {"unreachable", LOG_DEBUG, LOG_ERROR, "role pid reason",
                         "The supervisor cannot tell a process something; where it does not leave "
                         "anyway it is killed.",
                         "Nothing, if it happens once: the process is replaced."},
    [LOG_DRAINING] = {"draining", LOG_INFO, LOG_INFO, "ms",
                      "A process finishes what it has begun, for that long at most."},
    [LOG_WAITING] =
        {"waiting", LOG_INFO, LOG_WARNING, "seconds reason",
         "The start waits for processes of an earlier server that still use the journal.",
         "Wait: an earlier server still writes. If it lasts, look for processes of it and at the "
         "disk."},
    [LOG_STOPPING] = {"stopping", LOG_INFO, LOG_INFO, "grace_ms", "The server was told to stop."},
    [LOG_STOPPED] = {"stopped", LOG_INFO, LOG_INFO, "exit",
                     "The server ended, with that exit code."},
    [LOG_DONE] = {"done", LOG_INFO, LOG_INFO,
                  "id route action peer attempt ms [signal/exit] [helpers]",
                  "An action was carried out. `helpers=killed`: processes that the command had "
                  "started and left were killed when it ended; `helpers: keep` lets them live on."},
    [LOG_FAILED] =
        {"failed", LOG_WARNING, LOG_WARNING,
         "id route action peer attempt [ms] [signal/exit] [helpers] reason [said] show",
         "An action failed, and is not tried again. `said` is the last line that it has "
         "written to standard error, `show` the command that shows more.",
         "Run the command in `show`, mend the cause, then `tenterhook replay` with the id."},
    [LOG_RETRIES] =
        {"retries", LOG_WARNING, LOG_WARNING,
         "id route action peer attempt ms [signal/exit] [helpers] reason [said] show retry_ms",
         "An attempt failed; the next one follows after `retry_ms`.",
         "Nothing, if a later attempt is done. `show` is the command that shows more."},
    [LOG_LATER] = {"later", LOG_DEBUG, LOG_DEBUG, "id route action peer attempt ms reason retry_ms",
                   "A worker wants an event later; it gets the event after `retry_ms`."},
    [LOG_INTERRUPTED] = {"interrupted", LOG_INFO, LOG_INFO,
                         "id route action peer attempt ms [signal/exit] [helpers] reason",
                         "An action was stopped with the server, and runs again."},
    [LOG_SUPERSEDED] = {"superseded", LOG_INFO, LOG_INFO,
                        "id route action peer attempt ms [signal/exit] [helpers] by",
                        "An action was stopped, because a newer event, `by`, takes its place."},
    [LOG_GAVE_WAY] = {"gave_way", LOG_INFO, LOG_INFO, "route action deliveries by",
                      "So many deliveries of an action that waited are superseded, because a newer "
                      "event, `by`, takes their place."},
    [LOG_CANCELLED] = {"cancelled", LOG_INFO, LOG_INFO,
                       "id route action peer attempt ms [signal/exit] [helpers] reason",
                       "An action was ended by `tenterhook cancel`, and is not tried again."},
    [LOG_TAKEN_OVER] =
        {"taken_over", LOG_INFO, LOG_INFO, "deliveries",
         "The runner found deliveries that a runner before it left, and runs them again."},
    [LOG_PROCESSES_LEFT] = {"processes_left", LOG_WARNING, LOG_WARNING,
                            "[id] [route] [action] [trees] reason",
                            "Processes that a command has started do not end; the next attempt may "
                            "run beside them.",
                            "Look for the processes with `ps`; one in the state D waits for a disk "
                            "or a network file system."},
    [LOG_CLAIMS_PAUSED] = {"claims_paused", LOG_ERROR, LOG_ERROR, "ms reason",
                           "The runner takes up no delivery for that long.",
                           "Read `reason`; the runner goes on by itself."},
    [LOG_ROUTE_PAUSED] = {"route_paused", LOG_WARNING, LOG_WARNING, "route since reason [id]",
                          "A route is paused: its events are stored, and nothing of it starts "
                          "until `tenterhook resume`; `id` is the event with which `on_failure` "
                          "is told.",
                          "See to the cause, then run `tenterhook resume` with the route."},
    [LOG_ROUTE_RESUMED] = {"route_resumed", LOG_INFO, LOG_INFO, "route",
                           "A route is not paused any more."},
    [LOG_BACKLOG_FULL] = {"backlog_full", LOG_ERROR, LOG_ERROR, "route deliveries bytes",
                          "As much of a route waits as its `queue` allows, or of all routes (`*`) "
                          "as `journal.queue` does: events are answered 503.",
                          "Run `tenterhook status`: a pause, a `start_rate` or a slow command "
                          "holds deliveries up. Else raise `queue`."},
    [LOG_BACKLOG_ROOM] = {"backlog_room", LOG_INFO, LOG_INFO, "route deliveries bytes",
                          "A tenth of what may wait is free again after `backlog_full`."},
    [LOG_PIPE_MISSING] = {"pipe_missing", LOG_WARNING, LOG_WARNING, "path reason",
                          "There is no FIFO at the path of an action.",
                          "Make the FIFO (`mkfifo`), or set `create` of the action. What is there "
                          "and is no FIFO must go."},
    [LOG_PIPE_UNWATCHED] =
        {"pipe_unwatched", LOG_WARNING, LOG_WARNING, "path reason",
         "The runner cannot watch a FIFO, and looks for readers once in a while.",
         "Nothing, unless readers are served late; `reason` has the limit that was met."},
    [LOG_WORKER_STARTED] = {"worker_started", LOG_INFO, LOG_INFO, "route action pid",
                            "The process of a worker runs."},
    [LOG_WORKER_FAILED] =
        {"worker_failed", LOG_ERROR, LOG_ERROR, "route action reason ms",
         "A worker could not be started; its events wait, and it is tried again "
         "after that time.",
         "Read `reason`: the program must be there, and the server's user must be able to run it."},
    [LOG_WORKER_ENDED] =
        {"worker_ended", LOG_INFO, LOG_WARNING, "route action pid reason [ms]",
         "The process of a worker ended. Unless the server is leaving, the next "
         "one is started after that time, and gets the events that were not "
         "answered.",
         "Look at the lines `worker_said` before it; a worker is not to end by itself."},
    [LOG_WORKER_SAID] = {"worker_said", LOG_INFO, LOG_INFO, "route action text held_back",
                         "A line that a worker wrote to its standard error; `held_back` counts the "
                         "lines left out before."},
    [LOG_WORKER_WRONG] =
        {"worker_wrong", LOG_WARNING, LOG_WARNING, "route action reason text held_back",
         "A line that a worker wrote to its standard output is no answer to an event that it has; "
         "nothing follows from it. What is no answer belongs to its standard error.",
         "Have the worker write answers alone to standard output, and all else to standard error."},
    [LOG_KEY_FAILED] = {"key_failed", LOG_ERROR, LOG_ERROR, "route reason",
                        "A provisioned key could not be passed on to the listeners.",
                        "Reload: listeners then get their keys anew."},
    [LOG_RUNNER_FAILED] = {"runner_failed", LOG_ERROR, LOG_ERROR, "reason",
                           "The runner cannot go on, and leaves.",
                           "Read `reason`; the supervisor starts the next runner. If it happens "
                           "again, the cause lasts: most often the journal or its disk."},
    [LOG_JOURNAL_MADE] = {"journal_made", LOG_INFO, LOG_INFO, "path",
                          "There was no journal, and a new one was made."},
    [LOG_JOURNAL_ACCEPTS] = {"journal_accepts", LOG_INFO, LOG_INFO, "after ms",
                             "The journal can be written again; it could not for that long."},
    [LOG_JOURNAL_REFUSES] = {"journal_refuses", LOG_ERROR, LOG_ERROR, "state reason",
                             "The journal cannot be written; events are answered 503.",
                             "Read `reason` and `state`: free space, end the program that holds "
                             "the lock, or put the file back. The server goes on by itself."},
    [LOG_JOURNAL_RESCUED] = {"journal_rescued", LOG_WARNING, LOG_WARNING, "reason",
                             "The journal's files were exchanged or removed; what was in them is "
                             "saved in the file at the path.",
                             "Find out who touched the files. Nothing is lost; the files beside "
                             "the journal are never to be removed."},
    [LOG_JOURNAL_LOST] = {"journal_lost", LOG_ERROR, LOG_ERROR, "pages_at_most/up_to_id reason",
                          "Acknowledged events are lost.",
                          "Find the events in the `accepted` lines of the log, and ask the senders "
                          "to send them again."},
    [LOG_JOURNAL_DAMAGED] = {"journal_damaged", LOG_ERROR, LOG_ERROR,
                             "log broken_frame frames frames_dropped transactions_dropped copy",
                             "The log of the journal is damaged, and `journal.damaged: continue` "
                             "drops what follows the damage.",
                             "Ask the senders to send again what came since the last event that is "
                             "there; do not trust the disk; remove `journal.damaged` afterwards."},
    [LOG_JOURNAL_MISSING] =
        {"journal_missing", LOG_ERROR, LOG_ERROR, "events first last ids",
         "Events that were acknowledged are not in the journal: their numbers, and the ids of the "
         "first ten that are known. The server goes on without them.",
         "Find out what happened to the files or the disk, and ask the senders to send these "
         "events again."},
    [LOG_JOURNAL_CHANGED] = {"journal_changed", LOG_ERROR, LOG_ERROR, "events first last ids",
                             "Rows of events in the journal are not what was written.",
                             "Do not trust the disk. Make a backup at once, and compare these "
                             "events with an older one."},
    [LOG_JOURNAL_UNCOMPARED] = {"journal_uncompared", LOG_WARNING, LOG_WARNING, "reason",
                                "Whether events are missing from the journal was not looked at, or "
                                "not for all.",
                                "Nothing, if the next start does not say it again."},
    [LOG_MARK_BEGUN] = {"mark_begun", LOG_INFO, LOG_WARNING, "path reason",
                        "The mark of the journal, by which missing events are noticed, was begun "
                        "anew.",
                        "Nothing, if it is the first start or if you have moved the mark away. "
                        "Else find out what happened to the file."},
    [LOG_MARK_FAILED] = {"mark_failed", LOG_WARNING, LOG_WARNING, "reason",
                         "The mark of the journal cannot be written: events that vanish from now "
                         "on may not be noticed.",
                         "See to the rights of `journal.db.mark` and to the disk."},
    [LOG_CHECKPOINT_FAILED] =
        {"checkpoint_failed", LOG_WARNING, LOG_WARNING, "reason",
         "The log of the journal could not be copied into its file; it is tried again.",
         "Nothing, if it happens once. Else end the program that reads the journal for so long, or "
         "look at the disk."},
    [LOG_KEEPER_FAILED] = {"keeper_failed", LOG_ERROR, LOG_ERROR, "reason",
                           "The checkpointer cannot go on, and leaves.",
                           "Read `reason`; the supervisor starts the next one. If it happens "
                           "again, look at the disk."},
    [LOG_SPACE_LOW] =
        {"space_low", LOG_ERROR, LOG_ERROR, "path free_bytes min_free reason",
         "The disk of the journal at that path has less space than `journal.min_free`.",
         "Free space: `tenterhook prune`, or a larger disk. The server goes on by itself."},
    [LOG_SPACE_ENOUGH] = {"space_enough", LOG_INFO, LOG_INFO, "free_bytes min_free",
                          "There is enough space again."},
    [LOG_NOTICE] = {"notice", LOG_WARNING, LOG_WARNING, "route type reason [id]",
                    "Events of a route fail to come; `id` is the event with which "
                    "`on_failure` is told.",
                    "Look at the sender: its list of deliveries says what it got. Then look for "
                    "`refused` lines of the route."},
    [LOG_PRUNED] = {"pruned", LOG_INFO, LOG_INFO, "events",
                    "Events older than `journal.keep` were removed."},
    [LOG_BODIES_DROPPED] = {"bodies_dropped", LOG_WARNING, LOG_WARNING, "events keep_size reason",
                            "The journal is larger than `journal.keep.size`, and bodies of failed "
                            "events were dropped.",
                            "Mend and replay what fails, or raise `journal.keep.size`."},
    [LOG_KEYS_DROPPED] = {"keys_dropped", LOG_WARNING, LOG_WARNING, "events keep_size reason",
                          "The journal is larger than `journal.keep.size`, and dedupe keys of old "
                          "events were dropped.",
                          "Raise `journal.keep.size`, or shorten `dedupe.window`: copies of these "
                          "events are not known any more."},
    [LOG_OUTCOMES_LOST] =
        {"outcomes_lost", LOG_ERROR, LOG_ERROR, "deliveries reason",
         "The journal was removed, and the server stops without having written "
         "how these deliveries ended. If the journal is put back they run again.",
         "Put the journal back before the next start: then these deliveries run again."},
};

const struct log_event_row *log_event_find(const char *name)
{
    for (size_t i = 0; i < LOG_EVENT_COUNT; i++)
        if (strcmp(log_events[i].name, name) == 0)
            return &log_events[i];
    return NULL;
}
