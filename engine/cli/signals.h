/* SPDX-License-Identifier: Apache-2.0 */
/* signals.h - SIGINT and SIGTERM ask a command to stop; a second one ends the
 * process as usual. */
#ifndef ENGINE_CLI_SIGNALS_H
#define ENGINE_CLI_SIGNALS_H

/** Starts to note SIGINT and SIGTERM. */
void cli_signals_watch(void);
/** Starts to note SIGHUP, any number of times. */
void cli_signals_watch_hangup(void);
/** True once for each SIGHUP, or for several that came together. */
int cli_signals_hangup(void);
/** The signal that was noted, or 0. */
int cli_signals_noted(void);
/** Writing to a closed pipe becomes an error; programs that are started
 * afterwards have the default again. */
void cli_signals_pipe(void);

#endif
