/* SPDX-License-Identifier: Apache-2.0 */
/* signals.c - one flag, which is all that a handler may touch. */
#include "engine/cli/signals.h"

#include <signal.h>
#include <string.h>

/* The mutable globals of the program: a signal handler has no argument. */
static volatile sig_atomic_t signals_noted, signals_hung_up;

static void signals_note(int number)
{
    signals_noted = number;
}

static void signals_hangup(int number)
{
    (void)number;
    signals_hung_up = 1;
}

static void signals_nothing(int number)
{
    (void)number;
}

void cli_signals_watch(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = signals_note;
    sigemptyset(&action.sa_mask);
    action.sa_flags = (int)SA_RESETHAND; /* the second one is not caught */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void cli_signals_watch_hangup(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = signals_hangup;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    sigaction(SIGHUP, &action, NULL);
}

int cli_signals_hangup(void)
{
    const int noted = signals_hung_up;

    if (noted)
        signals_hung_up = 0;
    return noted;
}

int cli_signals_noted(void)
{
    return signals_noted;
}

void cli_signals_pipe(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = signals_nothing; /* not SIG_IGN: exec keeps that */
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    sigaction(SIGPIPE, &action, NULL);
}
