// SPDX-License-Identifier: Apache-2.0
// embed.cc - a scan in a thread of the library's: verdicts are printed as they
// come, and the scan is cancelled when it takes longer than a minute.
//
//     c++ -std=c++17 embed.cc $(pkg-config --cflags --libs libengine) -o embed
//     ./embed /etc/scan-engine/engine.conf rules.yaml
#include <engine/engine.h>

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

class Failure : public std::runtime_error {
public:
    Failure(const std::string &doing, const engine_error &err)
        : std::runtime_error("could not " + doing + ": " + err.message)
    {
    }
};

using Engine = std::unique_ptr<engine, decltype(&engine_close)>;
using Scan = std::unique_ptr<engine_scan, decltype(&engine_scan_free)>;

Engine open_engine(const char *config)
{
    engine_options options{};
    engine_error err{};
    engine *out = nullptr;

    options.size = sizeof(options);
    options.config_file = config;
    if (engine_open(&options, &out, &err) < 0)
        throw Failure("open the engine", err);
    return {out, engine_close};
}

// Comes from the scan's thread, and nothing may be thrown through the library.
std::int32_t on_verdict(const char *json, void *user) noexcept
{
    ++*static_cast<int *>(user);
    std::cout << json << '\n';
    return std::cout.good() ? 0 : 1; // nobody reads: cancel
}

Scan start_scan(engine &engine, int &count)
{
    engine_callbacks callbacks{};
    engine_error err{};
    engine_scan *out = nullptr;

    callbacks.size = sizeof(callbacks);
    callbacks.user = &count;
    callbacks.verdict = on_verdict;
    if (engine_scan_start(&engine, "{}", &callbacks, &out, &err) < 0)
        throw Failure("start the scan", err);
    return {out, engine_scan_free};
}

void run(const char *config, const char *rules)
{
    engine_error err{};
    Engine engine = open_engine(config);
    int count = 0;

    if (engine_import_path(engine.get(), rules, nullptr, nullptr, &err) < 0)
        throw Failure("import the rules", err);
    Scan scan = start_scan(*engine, count);
    if (engine_scan_wait(scan.get(), 60000) == 0)
        engine_scan_cancel(scan.get());
    if (engine_scan_result(scan.get(), &err) < 0)
        throw Failure("finish the scan", err);
    std::cerr << count << " verdicts of scan " << engine_scan_id(scan.get())
              << '\n';
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3) {
        std::cerr << "usage: embed CONFIG RULES\n";
        return 2;
    }
    try {
        run(argv[1], argv[2]);
    } catch (const std::exception &failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
    return 0;
}
