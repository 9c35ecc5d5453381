/* SPDX-License-Identifier: Apache-2.0 */
/* signals.c - one flag, which is all that a handler may touch. */
#include "engine/cli/signals.h"

#include <signal.h>
#include <string.h>

/* The one mutable global of the program: a signal handler has no argument. */
static volatile sig_atomic_t signals_noted;

static void signals_note(int number)
{
    signals_noted = number;
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
