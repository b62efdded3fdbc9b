import DurableStorage
import Foundation
import Primitives
import Processes
import Releases
import Settings
import SystemPackage
import TestSupport
import Testing
import Transport
import UpdatePlan

@testable import Updating

@Suite struct ConfigurationCheckTests {
    /// The keys that something is said of, fatal ones with an exclamation mark.
    private func findings(_ adjust: (inout AgentConfiguration, TemporaryFolder) throws -> Void) throws -> [String] {
        let folder = try TemporaryFolder()
        try folder.write("", to: "state/root.json")
        try DurableStorage().makeDirectory(folder.path("prefix"))
        try folder.write("#!/bin/sh", to: "program")
        chmod(folder.path("program").string, 0o755)
        var configuration = AgentConfiguration(
            product: try ProductName("mail-suite"), channel: try ChannelName("stable"),
            mirrors: ["https://example.org/"], prefix: folder.path("prefix"), state: folder.path("state"))
        configuration.services.through = .none
        configuration.notify.command = [folder.path("program").string]
        try adjust(&configuration, folder)
        let check = ConfigurationCheck(configuration, storage: DurableStorage()) { name in
            if name == "nobody" { return try ProcessUser.named(name) }
            guard name == "known" else { throw ProcessFault(.notFound) }
            let own = try #require(getpwuid(geteuid()))
            return try ProcessUser.named(String(cString: own.pointee.pw_name))
        } run: { request in
            #expect(request.executable == "/usr/bin/systemctl")
            return ProcessResult(outcome: .exited(1), output: Array("no bus".utf8))
        }
        let before = try folder.contents()
        let findings = check.findings()
        #expect(try folder.contents() == before)
        for finding in findings { #expect(!finding.problem.isEmpty && !finding.advice.isEmpty) }
        return findings.map { $0.about + ($0.isFatal ? "!" : "") }
    }

    @Test("a good configuration is good")
    func good() throws {
        #expect(try findings { _, _ in } == [])
        #expect(
            try findings { configuration, folder in
                configuration.hooks.user = "known"
                configuration.mirrors = ["http://abc.onion/", "http://abc.onion.example.org/"]
                configuration.transport.proxy = "socks5h://127.0.0.1:9050"
                configuration.health.run = [folder.path("program").string, "x"]
                configuration.metrics.file = folder.path("x.prom")
                configuration.metrics.listen = ListenAddress("127.0.0.1:1")
            } == [])
    }

    @Test("authorities have to be readable for who asks the servers", .enabled(if: geteuid() == 0))
    func authorities() throws {
        for (mode, expected) in [(mode_t(0o600), ["ca_file!"]), (0o640, []), (0o644, [])] {
            let found = try findings { configuration, folder in
                try folder.write("-----BEGIN CERTIFICATE-----\n", to: "ca.pem")
                chmod(folder.path("ca.pem").string, mode)
                configuration.transport.authorities = folder.path("ca.pem")
                configuration.worker.user = "nobody"
            }
            #expect(found == expected)
        }
    }

    struct Case: Sendable {
        let expected: String
        let adjust: @Sendable (inout AgentConfiguration, TemporaryFolder) throws -> Void

        init(
            _ expected: String, _ adjust: @escaping @Sendable (inout AgentConfiguration, TemporaryFolder) throws -> Void
        ) {
            (self.expected, self.adjust) = (expected, adjust)
        }
    }

    private static let cases = [
        Case("mirrors!") { configuration, _ in
            configuration.mirrors = ["http://user@ABC.onion:80/x"]
        },
        Case("mirrors!") { configuration, _ in
            (configuration.mirrors, configuration.transport.proxy) = (["http://abc.onion/"], "http://127.0.0.1:1")
        },
        Case("ca_file!") { configuration, folder in
            configuration.transport.authorities = folder.path("none.pem")
        },
        Case("ca_file!") { configuration, folder in
            try folder.write([0x30, 0x82], to: "ca.der")
            configuration.transport.authorities = folder.path("ca.der")
        },
        Case("prefix") { configuration, folder in
            configuration.prefix = folder.path("later/prefix")
        },
        Case("window") { configuration, _ in
            let day = try UpdateWindow(days: [.monday], from: 300, to: 300, zone: .utc)
            configuration.install.windows = try UpdateWindows([day])
        },
        Case("transparency!") { _, folder in
            // A root that names no log, and is trusted.
            try folder.write(ReleaseRepository().rootBytes, to: "state/root.json")
        },
        Case("transparency") { configuration, _ in
            configuration.log.isRequired = false
        },
        Case("state!") { _, folder in
            try DurableStorage().remove(folder.path("state/root.json"))
        },
        Case("state!") { configuration, folder in
            configuration.state = try folder.write("precious", to: "app/log/nginx/access.log").folder.folder.folder
        },
        Case("state!") { configuration, folder in
            configuration.state = folder.path("elsewhere")
        },
        Case("state!") { _, folder in
            chmod(folder.path("state").string, 0o777)
        },
        Case("prefix") { _, folder in
            chmod(folder.path("prefix").string, 0o775)
        },
        Case("prefix!") { configuration, folder in
            configuration.prefix = folder.path("program")
        },
        Case("prefix!") { configuration, folder in
            configuration.prefix = folder.path("shared-by-all/inner/prefix")
            try DurableStorage().makeDirectory(configuration.prefix)
            chmod(folder.path("shared-by-all").string, 0o777)
        },
        Case("health.run!") { configuration, folder in
            configuration.health.run = [try folder.write("#!/bin/sh", to: "open-to-all").string]
            chmod(folder.path("open-to-all").string, 0o777)
        },
        Case("hooks.user!") { configuration, _ in
            configuration.hooks.user = "nobody-here"
        },
        Case("lock.take!") { configuration, _ in
            (configuration.install.lock.take, configuration.install.lock.giveBack) = (["/nowhere/x"], ["/bin/sh"])
        },
        Case("lock.give_back") { configuration, _ in
            configuration.install.lock.take = ["/bin/sh"]
        },
        Case("health.run!") { configuration, folder in
            configuration.health.run = [folder.path("state/root.json").string]
        },
        Case("health.run!") { configuration, folder in
            configuration.health.run = [folder.path("state").string]
        },
        Case("services.through") { configuration, _ in
            configuration.services.through = .systemd
        },
        Case("services.start!") { configuration, _ in
            configuration.services.through = .commands
        },
        Case("services") { configuration, folder in
            configuration.services.start = [folder.path("program").string]
        },
        Case("notify.sendmail!") { configuration, _ in
            (configuration.notify.mail, configuration.notify.sendmail) = (["root"], ["/nowhere/sendmail"])
        },
        Case("notify") { configuration, _ in
            configuration.notify.command = []
        },
        Case("metrics.file!") { configuration, folder in
            configuration.metrics.file = folder.path("none/x.prom")
        },
        Case("metrics.listen") { configuration, _ in
            configuration.metrics.listen = ListenAddress("0.0.0.0:1")
        },
    ]

    @Test("each thing that would fail, or may not be meant, is found, and nothing else", arguments: cases)
    func found(test: Case) throws {
        #expect(try findings(test.adjust) == [test.expected])
    }

    @Test("state and prefix are not one inside the other")
    func nested() throws {
        #expect(
            try findings { configuration, folder in
                try DurableStorage().makeDirectory(folder.path("state/prefix"))
                configuration.prefix = folder.path("state/prefix")
            } == ["state!"])
    }

    private func decode(_ text: String) throws -> AgentConfiguration {
        let base = "product: p\nchannel: c\nmirrors: [https://a/]\nprefix: /a\nstate: /b\n"
        return try AgentConfiguration.decode(Array((base + text).utf8), file: "p.yaml")
    }

    @Test("what is said of telling is taken over, and printed so that it reads the same")
    func telling() throws {
        let text = """
            notify: {command: [/bin/a, b], seconds: 5, mail: [root, a@example.org], from: x@example.org,
              sendmail: [/usr/bin/msmtp, '-t'], events: [failed, refused], expiring: 4, unreachable: 6, again: 48}
            metrics: {file: /var/lib/node/sceau.prom, listen: '[::1]:9180'}
            """
        let configuration = try decode(text)
        #expect(configuration.notify.command == ["/bin/a", "b"])
        #expect(configuration.notify.timeLimit == .seconds(5))
        #expect(configuration.notify.mail == ["root", "a@example.org"])
        #expect(configuration.notify.from == "x@example.org")
        #expect(configuration.notify.events == [.failed, .refused])
        #expect(configuration.notify.expiringDays == 4)
        #expect(configuration.notify.unreachableHours == 6)
        #expect(configuration.notify.againHours == 48)
        #expect(configuration.metrics.file == "/var/lib/node/sceau.prom")
        #expect(configuration.metrics.listen?.host == "::1")
        let printed = configuration.settings.map { "\($0.name): \($0.value)\n" }.joined()
        #expect(try AgentConfiguration.decode(Array(printed.utf8), file: "p") == configuration)
        #expect(try decode("").notify.channels == [])
    }

    @Test(
        "what is wrong with telling is refused as usage, with the line",
        arguments: [
            "notify: {mail: ['a b@c']}", "notify: {mail: []}", "notify: {from: \"a@b\\nBcc: c\"}",
            "notify: {command: [relative]}", "notify: {events: [everything]}", "notify: {again: 1}",
            "metrics: {file: /var/x.txt}", "metrics: {file: x.prom}", "metrics: {listen: '9180'}",
            "metrics: {listen: 'localhost:9180'}",
        ])
    func refused(text: String) throws {
        let fault = #expect(throws: SettingsFault.self) { try decode(text) }
        #expect(fault?.location == "p.yaml line 6")
    }

    @Test("a configuration that anybody may write to is no good one, whatever stands in it")
    func openFile() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("product: mail-suite\n", to: "mail-suite.yaml")
        let configuration = AgentConfiguration(
            product: try ProductName("mail-suite"), channel: try ChannelName("stable"),
            mirrors: ["https://example.org/"], prefix: folder.path("prefix"), state: folder.path("state"))
        func isFound() -> Bool {
            ConfigurationCheck(configuration, from: file, storage: DurableStorage()).findings()
                .contains { $0.about == "the configuration" && $0.isFatal }
        }
        #expect(!isFound())
        chmod(file.string, 0o666)
        #expect(isFound())
    }

    @Test("who may not look into the state is told that, and not to move it away or to begin anew")
    func unprivileged() async {
        // In a process of its own, since root may do everything and has to become somebody else first.
        await #expect(processExitsWith: .success) {
            if getuid() == 0 { #expect(setuid(65534) == 0) }
            let folder = try TemporaryFolder()
            try folder.write("", to: "state/root.json")
            let state = folder.path("state")
            chmod(state.string, 0)
            let configuration = AgentConfiguration(
                product: try ProductName("mail-suite"), channel: try ChannelName("stable"),
                mirrors: ["https://example.org/"], prefix: folder.path("prefix"), state: state)
            let findings = ConfigurationCheck(configuration, storage: DurableStorage()).findings()
            chmod(state.string, 0o700)
            let problems = findings.filter { $0.about == "state" }.map(\.problem)
            #expect(problems == ["user \(geteuid()) may not look into \(state)"])
        }
    }
}
