# SPDX-License-Identifier: Apache-2.0
dist_man_MANS = \
	doc/engine.conf.5 \
	doc/scan-engine-cloud.7 \
	doc/scan-engine-jmespath.7 \
	doc/scan-engine-kubernetes.7 \
	doc/scan-engine-plugin.7 \
	doc/scan-engine.1

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = doc/completion/scan-engine
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = doc/completion/_scan-engine
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_fishcompletion_DATA = doc/completion/scan-engine.fish
EXTRA_DIST += doc/completion/make

dist_doc_DATA = CHANGELOG HACKING README

# Beside conf/engine.conf.
dist_examples_DATA += \
	doc/examples/README \
	doc/examples/daemon.conf \
	doc/examples/estate.conf \
	doc/examples/host.conf \
	doc/examples/rules.yaml

# Programs that embed libengine; test_embed.py builds and runs them.
dist_examples_DATA += doc/examples/embed.c doc/examples/embed.cc \
	doc/examples/embed.py
