import Settings
import SystemPackage

extension AgentConfiguration {
    /// Who is told what, and the agent's numbers.
    static let tellingKeys: [ConfigurationKey] = [
        .table(
            "notify",
            "Who is told when something happens, also when nobody looks. What cannot be delivered is tried again at the next "
                + "run; sceau-agent status says so.",
            of: [
                .command(
                    "command",
                    "A program that gets one JSON object on standard input for each notice, and SCEAU_EVENT in its environment.",
                    \.notify.command),
                .seconds("seconds", in: 1...3600, "How long that program may run.", \.notify.timeLimit),
                ConfigurationKey(
                    "mail", "a list of addresses", "Who gets a mail for each notice.",
                    read: { $1.notify.mail = try addresses($0) },
                    value: { $0.notify.mail.isEmpty ? nil : yamlList($0.notify.mail) }),
                ConfigurationKey(
                    "from", "an address", "The sender of the mails; without it the mail system puts in its own.",
                    read: { $1.notify.from = try address($0) }, value: { $0.notify.from.map(yamlScalar) }),
                .command("sendmail", "The program that takes a mail with its headers.", \.notify.sendmail),
                ConfigurationKey(
                    "events", "a list of " + NoticeKind.allCases.map(\.rawValue).joined(separator: ", "),
                    "What is told.", read: { $1.notify.events = try events($0) },
                    value: { settings in
                        yamlList(NoticeKind.allCases.filter(settings.notify.events.contains).map(\.rawValue))
                    }),
                .integer(
                    "expiring", "days", in: 1...365, "So long before the metadata expires it is told.",
                    \.notify.expiringDays),
                .integer(
                    "unreachable", "hours", in: 0...8784, "After so long without any mirror it is told.",
                    \.notify.unreachableHours),
                .integer(
                    "again", "hours", in: 24...8784, "What lasts is told again after so long.", \.notify.againHours),
            ]),
        .table(
            "metrics", "The agent's numbers for Prometheus.",
            of: [
                ConfigurationKey(
                    "file", "an absolute path that ends in .prom",
                    "Written after each run, for the textfile collector of node_exporter; each product needs a file of its own, such as "
                        + "/var/lib/prometheus/node-exporter/sceau-PRODUCT.prom.",
                    read: { $1.metrics.file = try metricsFile($0) },
                    value: { $0.metrics.file.map { yamlScalar($0.string) } }),
                ConfigurationKey(
                    "listen", "an IP address and a port, such as 127.0.0.1:9180",
                    "Where sceau-agent run answers with them over HTTP.",
                    read: { node, configuration in
                        guard let address = ListenAddress(try node.text()) else {
                            throw node.invalid(expected: "an IP address and a port, such as 127.0.0.1:9180")
                        }
                        configuration.metrics.listen = address
                    }, value: { $0.metrics.listen.map { yamlScalar("\($0)") } }),
            ]),
    ]

    private static let mostAddresses = 20

    private static func addresses(_ node: SettingsNode) throws -> [String] {
        let list = try node.list().map(address)
        guard (1...mostAddresses).contains(list.count) else {
            throw node.fault(found: "\(list.count) addresses", expected: "1 to \(mostAddresses)")
        }
        return list
    }

    private static func address(_ node: SettingsNode) throws(SettingsFault) -> String {
        let text = try node.text()
        guard MailAddress.isGood(text) else {
            throw node.invalid(expected: "a mail address, such as admin@example.org")
        }
        return text
    }

    private static func events(_ node: SettingsNode) throws -> Set<NoticeKind> {
        Set(
            try node.list().map { element in
                guard let kind = NoticeKind(rawValue: try element.text()) else {
                    let known = NoticeKind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw element.invalid(expected: "one of \(known)")
                }
                return kind
            })
    }

    /// The collector reads no other names.
    private static func metricsFile(_ node: SettingsNode) throws(SettingsFault) -> FilePath {
        let path = try node.absolutePath()
        guard path.extension == "prom" else { throw node.invalid(expected: "an absolute path that ends in .prom") }
        return path
    }
}
