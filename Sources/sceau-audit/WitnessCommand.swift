import ArgumentParser
import CommandSupport
import DurableStorage
import Primitives
import StaticHTTP
import SystemPackage
import TransparencyLog
import WitnessHTTP
import Witnessing

struct WitnessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "Run a witness for other people's logs.",
        discussion: """
            Cosigns the checkpoints of the logs it is told of, each only when it continues \
            the one before (C2SP tlog-witness). It never judges what is in a log. Logs send \
            checkpoints to POST /add-checkpoint; everybody may look at the newest one at \
            GET /HASH/checkpoint, where HASH is the SHA-256 of the log's origin, in hex.

            The folder of --state must never be lost or set back: a witness that forgot \
            could cosign a second past. A lost or damaged one is refused, by a file beside \
            the key, KEY.witness, that says which state the key was used with. An older copy \
            that was put back cannot be noticed: keep no copies, or retire the key with the \
            machine.

            --show-key prints the line that policies need, before any log exists.

            SIGTERM and SIGINT: answers under way are finished, then it leaves with status \
            0. There is no TLS here: put a proxy in front of it.
            """)

    @Option(help: ArgumentHelp("The witness's secret key: sceau key generate NAME makes one.", valueName: "key"))
    var key: FilePath

    @Option(
        help: ArgumentHelp("Read the key's passphrase from a file ('-' is standard input).", valueName: "file"))
    var passphraseFile: FilePath?

    @Option(help: "The witness's name in its key and signatures. (default: the name of the key)")
    var name: String?

    @Option(help: ArgumentHelp("The folder for what was cosigned; made at the first start.", valueName: "folder"))
    var state: FilePath?

    @Option(
        help: ArgumentHelp(
            "The vkey of a log to cosign for, or @FILE with one in each line. May be repeated.", valueName: "vkey"))
    var log: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where to listen: a number and a port; port 0 is a free one. May be repeated. (default: 127.0.0.1:8081)",
            valueName: "address"))
    var listen: [String] = []

    @Option(help: "Larger trees that are cosigned in a day, for each log.")
    var perDay = WitnessLimits().growthsPerDay

    @Flag(help: "Print this witness's vkey and leave.")
    var showKey = false

    func validate() throws {
        guard (1...1_000_000).contains(perDay) else { throw ValidationError("--per-day must be from 1 to 1000000") }
        guard showKey || state != nil else { throw ValidationError("--state FOLDER is needed") }
    }

    func run() throws {
        WitnessKey.protectProcess()
        let storage = DurableStorage()
        let name = name.map { ByteString($0) }
        if let name { try typed { try WitnessKey.check(name: name) } }
        if showKey {
            let key = try WitnessKey.loadPublicHalf(key, name: name, storage: storage)
            return try StandardOutput.print("\(key.vkey)")
        }
        guard let state else { return }
        let addresses = try (listen.isEmpty ? ["127.0.0.1:8081"] : listen).map { text throws in
            try ListenAddress(text)
        }
        // Before anybody is asked for a passphrase.
        let logs = try LogKeys.load(log, storage: storage)
        try Witness.check(logs: logs)
        let witnessKey = try WitnessKey.load(key, name: name, passphrase: passphrase, storage: storage)
        var limits = WitnessLimits()
        limits.growthsPerDay = perDay
        let witness = try Witness(
            key: witnessKey, logs: logs, folder: state, marker: Witness.marker(besideKey: key), storage: storage,
            limits: limits, clock: SystemClock.now, report: Self.report)
        try serve(witness, addresses)
    }

    private func serve(_ witness: Witness, _ addresses: [ListenAddress]) throws {
        let stop = StopSignals()
        let server = try WitnessServer(witness, on: addresses, clock: SystemClock.now)
        try StandardError.print("sceau-audit: this witness is \(witness.noteKey.vkey)")
        for address in server.addresses { try StandardError.print("sceau-audit: listening on \(address.url)") }
        stop.wait()
        try StandardError.print("sceau-audit: leaving, answers under way are finished")
        try server.shutDown()
    }

    private var passphrase: WitnessKey.PassphraseSource {
        if let passphraseFile { return .file(passphraseFile) }
        guard Terminal.canAsk else { return .none }
        return .person { prompt, buffer in try Terminal.readHidden(prompt: prompt, into: buffer) }
    }

    private static func report(_ event: WitnessEvent) {
        // Lines that nobody can read stop no witness.
        for line in lines(event) { try? StandardError.print("sceau-audit: \(line)") }
    }

    private static func lines(_ event: WitnessEvent) -> [String] {
        switch event {
        case .cosigned(let origin, let size): return ["cosigned \(origin) at size \(size)"]
        case .contradiction(let origin, let heldSize, let shownSize, let evidence?):
            return [
                "alarm: \(origin) has signed two trees: one of size \(heldSize) was cosigned, another one of size "
                    + "\(shownSize) was shown",
                "hint: the proof is in \(evidence); show it to those who rely on this log",
            ]
        case .contradiction(let origin, let heldSize, let shownSize, nil):
            return [
                "warning: a checkpoint of \(origin) of size \(shownSize) came without a proof that it continues the one "
                    + "of size \(heldSize); it was refused"
            ]
        case .clockBehind(let origin, let seconds):
            return [
                "error: the clock is \(seconds) seconds behind the last cosignature for \(origin); nothing was cosigned"
            ]
        case .notStored(let origin, let fault):
            return ["error: [\(fault.codeText)] \(fault.message); nothing was cosigned for \(origin)"]
                + (fault.hint.map { ["hint: \($0)"] } ?? [])
        }
    }
}

/// The logs that a command line names.
enum LogKeys {
    /// Bytes of a file with keys.
    private static let fileLimit = 1 << 20

    /// Each a vkey, or `@FILE` with one in each line; empty lines and those that begin with `#` are left out.
    static func load(_ arguments: [String], storage: DurableStorage) throws -> [NoteKey] {
        try arguments.flatMap { argument throws -> [NoteKey] in
            guard argument.hasPrefix("@") else { return [try key(ByteString(argument))] }
            let lines = try storage.read(FilePath(String(argument.dropFirst())), limit: fileLimit)
                .split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            return try lines.filter { $0.first != UInt8(ascii: "#") }.map { try key(ByteString(Array($0))) }
        }
    }

    private static func key(_ text: ByteString) throws -> NoteKey {
        try typed { try NoteKey(vkey: text) }
    }
}
