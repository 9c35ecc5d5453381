# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Packages of Debian 12 for what tests need, without installing them: for
# scripts that set `private`, a folder of theirs. What is fetched is unpacked
# in $private/root.

# apt with a configuration of its own: the system's sources and lists stay as
# they are, and need not have source packages.
private_apt() { # ARGUMENT...
    apt-get -q -c "$private/apt.conf" "$@"
}

prepare_apt() {
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    archive=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
        'Created-By: Packages' 2>/dev/null |
        awk '$1 == "bookworm" { print $2; exit }')
    mkdir -p "$private/sources" "$private/lists/partial" \
        "$private/cache/archives/partial"
    cat >"$private/sources/bookworm.sources" <<END
Types: deb deb-src
URIs: ${archive:-http://deb.debian.org/debian}
Suites: bookworm
Components: main
END
    test ! -r "$keyring" ||
        echo "Signed-By: $keyring" >>"$private/sources/bookworm.sources"
    cat >"$private/apt.conf" <<END
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$private/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$private/lists";
Dir::Cache "$private/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
APT::Sandbox::User "root";
END
    private_apt -o APT::Update::Error-Mode=any update
}

fetch_packages() { # PACKAGE...
    cd "$private"
    private_apt download "$@"
    for file in "$private"/*.deb; do
        dpkg-deb -x "$file" "$private/root"
    done
}
