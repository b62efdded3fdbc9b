import Primitives
import Releases
import Settings
import SystemPackage
import TransparencyLog
import Transport

extension AgentConfiguration {
    /// Every key there is, in the order in which they are explained.
    static let keys: [ConfigurationKey] =
        generalKeys + fetchingKeys + installKeys + aroundKeys + spaceKeys + logKeys + tellingKeys

    private static let generalKeys: [ConfigurationKey] = [
        ConfigurationKey(
            "product", "a name", isRequired: true, "The product, as its publisher calls it.",
            read: { $1.product = try ProductName(ByteString(try $0.text())) }, value: { "\($0.product)" }),
        ConfigurationKey(
            "channel", "a name", isRequired: true, "Which of its channels this instance follows, such as stable.",
            read: { $1.channel = try ChannelName(ByteString(try $0.text())) }, value: { "\($0.channel)" }),
        ConfigurationKey(
            "prefix", "an absolute path", isRequired: true,
            "Where releases are installed: current is the link to the one in use, versions/ holds their trees.",
            read: { $1.prefix = try $0.absolutePath() }, value: { yamlScalar($0.prefix.string) }),
        ConfigurationKey(
            "state", "an absolute path", isRequired: true,
            "Where the agent keeps what it knows; not inside the prefix.",
            read: { $1.state = try $0.absolutePath() }, value: { yamlScalar($0.state.string) }),
    ]

    private static let fetchingKeys: [ConfigurationKey] = [
        ConfigurationKey(
            "mirrors", "a list of http:// and https:// addresses", isRequired: true,
            "Where the publisher's files are to be had, in an order made by chance. What a mirror says is never believed "
                + "without signatures. An address in .onion is used only with a socks5h:// proxy.",
            read: { $1.mirrors = try mirrors($0) }, value: { yamlList($0.mirrors) }),
        ConfigurationKey(
            "proxy", "http://host:port or socks5h://host:port",
            "Every request goes through it. For Tor: socks5h://127.0.0.1:9050; names are then resolved there.",
            read: { $1.transport.proxy = try proxy($0) }, value: { $0.transport.proxy.map(yamlScalar) }),
        ConfigurationKey(
            "ca_file", "an absolute path", "Authorities to trust for https:// in place of the system's, as PEM.",
            read: { $1.transport.authorities = try $0.absolutePath() },
            value: { $0.transport.authorities.map { yamlScalar($0.string) } }),
        ConfigurationKey(
            "pinned_keys", "a list of sha256//…",
            "Every https:// mirror must have one of these public keys, besides a certificate that holds: each is sha256// and "
                + "the SHA-256 of the key in base64.",
            read: { $1.transport.pinnedKeys = try $0.list().map(pin) },
            value: { $0.transport.pinnedKeys.isEmpty ? nil : yamlList($0.transport.pinnedKeys) }),
        ConfigurationKey(
            "bandwidth", "bytes per second, \(bandwidths.lowerBound) to \(bandwidths.upperBound)",
            "How much of the line fetching may take, more or less; without it all there is.",
            read: { $1.transport.limits.bandwidth = try $0.integer(in: bandwidths) },
            value: { $0.transport.limits.bandwidth.map { "\($0)" } }),
        .integer(
            "repetitions", "number", in: 0...10,
            "How often mirrors that failed in passing are asked again in one run, after a pause, when no other one serves.",
            \.transport.limits.repetitions),
        .integer(
            "redirects", "number", in: 0...10,
            "How often in a row a mirror may point elsewhere: over http:// on the same server, over https:// also to another "
                + "name.", \.transport.limits.redirects),
        .table(
            "timeouts", "How long a server may take.",
            of: [
                .seconds("connect", "Name, TCP and TLS.", \.transport.limits.connect),
                .seconds("metadata", "One metadata file.", \.transport.limits.fetch),
                .seconds("download", "One archive or patch.", \.transport.limits.download),
            ]),
        .word(
            "prefer",
            "patch: small and quick, but the mirror learns which release this instance comes from. archive: every instance "
                + "asks for the same file.", \.prefers),
    ]

    private static let spaceKeys: [ConfigurationKey] = [
        .integer(
            "keep", "releases", in: 1...1000,
            "How many earlier releases stay here for revert, besides the installed one.",
            \.keep),
        .table(
            "limits", "How large a release may be on this instance.",
            of: [
                .integer("archive_bytes", "bytes", in: sizes, "The packed archive.", \.limits.archiveBytes),
                .integer("tree_bytes", "bytes", in: sizes, "The files of a release together.", \.limits.tree.bytes),
                .integer("tree_entries", "number", in: sizes, "Files, folders and links.", \.limits.tree.entries),
                .integer(
                    "patch_bytes", "bytes", in: sizes,
                    "Memory that applying a patch may take; one that needs more is not used.", \.limits.patchMemory),
            ]),
    ]

    private static let logKeys: [ConfigurationKey] = [
        .word(
            "transparency",
            "required: nothing is installed that the publisher's witnessed log does not show. off: for products without "
                + "a log.", \.log.transparency),
        .integer(
            "freshness", "hours", in: 1...hoursOfYear,
            "How old the witnesses' cosignatures may be before what is offered is refused.", \.log.freshness),
        .table(
            "hold_back", "How long a release must have been public before it is installed, by severity.",
            of: [
                .integer("critical", "hours", in: 0...hoursOfYear, "Critical ones.", \.log.holdBack.critical),
                .integer("important", "hours", in: 0...hoursOfYear, "Important ones.", \.log.holdBack.important),
                .integer("otherwise", "hours", in: 0...hoursOfYear, "All others.", \.log.holdBack.otherwise),
            ]),
        .table(
            "floor", "What this instance demands of cosignatures, whatever the publisher's policy says.",
            of: [
                .integer("cosignatures", "number", in: 0...1000, "Of so many witnesses at least.", \.log.floor.count),
                ConfigurationKey(
                    "witnesses", "a list of keys, NAME+ID+KEY", "Each of these must be among them.",
                    read: { $1.log.floor.witnesses = try $0.list().map(witness) },
                    value: {
                        $0.log.floor.witnesses.isEmpty ? nil : yamlList($0.log.floor.witnesses.map { "\($0.vkey)" })
                    }),
            ]),
    ]

    private static let bandwidths = 16_384...(1 << 40)
    private static let hoursOfYear = 366 * 24
    private static let sizes = 1...Int(ReleaseLimits.fileBytes)

    // MARK: single values

    private static func mirrors(_ node: SettingsNode) throws -> [String] {
        let list = try node.list().map { element in
            let address = try element.text()
            do { try HTTPAddress.checkBase(address) } catch {
                throw element.fault(
                    found: HTTPAddress.displayed(address), expected: "an http:// or https:// address")
            }
            return address
        }
        guard !list.isEmpty else { throw node.fault(found: "no mirror", expected: "at least one") }
        return list
    }

    private static func proxy(_ node: SettingsNode) throws(SettingsFault) -> String {
        let address = try node.text()
        guard address.hasPrefix("http://") || address.hasPrefix("socks5h://") else {
            throw node.fault(
                found: HTTPAddress.displayed(address), expected: "http://host:port or socks5h://host:port")
        }
        return address
    }

    private static func pin(_ node: SettingsNode) throws -> String {
        let pin = try node.text()
        do { try TransportConfiguration.checkPin(pin) } catch {
            throw node.invalid(expected: "sha256// and 44 characters of base64")
        }
        return pin
    }

    private static func witness(_ node: SettingsNode) throws -> NoteKey {
        let text = try node.text()
        guard let key = try? NoteKey(vkey: ByteString(text)), key.kind == .witness else {
            throw node.invalid(expected: "the key of a witness, NAME+ID+KEY")
        }
        return key
    }
}
