import ArgumentParser
import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import Publishing
import Releases
import SecretKeys
import SystemPackage
import TUF

/// `sceau root propose`
struct RootPropose: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "propose",
        abstract: "Make root, targets and channels as the policy wants them, and stage what differs.",
        discussion: """
            Without options it stages what Keys/policy.yaml says; options change that file first. Nothing is in force \
            before keyholders have signed and sceau publish has run. A new root is signed by the old keyholders and by \
            the new ones.
            """)

    @OptionGroup var workspace: WorkspaceOption

    @Option(help: ArgumentHelp("A new keyholder's public key. Can be repeated.", valueName: "file.pub"))
    var add: [FilePath] = []

    @Option(help: ArgumentHelp("The name of a keyholder's key that is to go. Can be repeated.", valueName: "name"))
    var remove: [String] = []

    @Option(help: "How many keyholders must sign.")
    var threshold: Int?

    @Option(help: "root, targets or a channel: the roles meant (default: all). Can be repeated.")
    var role: [String] = []

    @Option(
        help: ArgumentHelp(
            "A new key for snapshot and timestamp: its public half, or on the machine that publishes the secret one.",
            valueName: "file"))
    var onlineKey: FilePath?

    @Option(
        help: ArgumentHelp("A new channel, first with the keyholders of targets. Can be repeated.", valueName: "name"))
    var addChannel: [String] = []

    @Flag(help: "Renew what expires within its warning time, or the roles named with --role, whenever they expire.")
    var renew = false

    @Option(help: ArgumentHelp("The key that signs archives for everyone without Sceau.", valueName: "file.pub"))
    var releaseKey: FilePath?

    @Option(
        help: ArgumentHelp(
            "Who watches the transparency log: tlog-policy text without its log line. The first begins a log.",
            valueName: "file"))
    var witnessPolicy: FilePath?

    @Flag(help: "No log and no witnesses any more: instances then refuse everything that is published.")
    var noWitnessPolicy = false

    @Option(
        help: ArgumentHelp(
            """
            The key of a new log, in place of the one there is: its public half, or on the machine that publishes the \
            secret one, which is made when it is not there.
            """, valueName: "file"))
    var newLogKey: FilePath?

    @Option(help: ArgumentHelp("The name of a log that begins (default: one that no other has).", valueName: "name"))
    var logOrigin: String?

    @OptionGroup var logKeyOptions: NewLogKeyOptions

    @OptionGroup var json: JSONOption

    func validate() throws {
        guard !noWitnessPolicy || (witnessPolicy == nil && newLogKey == nil && logOrigin == nil) else {
            throw ValidationError("--no-witness-policy excludes --witness-policy, --new-log-key and --log-origin")
        }
    }

    func run() throws {
        var logKey: NewLogKey?
        let result = try stating("nothing was staged") {
            let proposal = RootProposal(workspace: workspace.workspace, now: SystemClock.now())
            let request = try request()
            logKey = request.logKey
            return try proposal.propose(request)
        }
        for warning in result.warnings { try StandardError.print("sceau: warning: \(warning)") }
        try json.print(result.report, orText: (logKey?.text ?? []) + result.text)
    }

    private func request() throws -> ProposalRequest {
        let keys = KeyStorage(DurableStorage())
        var request = ProposalRequest()
        request.add = try add.map { try keys.loadPublicKeyFile($0) }
        request.remove = remove
        request.threshold = threshold
        request.roles = role
        request.channels = try typed { try addChannel.map { try ChannelName(ByteString($0)) } }
        request.renew = renew
        request.releaseKey = try releaseKey.map { try keys.loadPublicHalf($0) }
        request.witnesses = try witnessPolicy.map { try Workspace.loadWitnesses($0) }
        request.removesWitnesses = noWitnessPolicy
        request.logOrigin = try logOrigin.map { origin in try typed { try LogOrigin(ByteString(origin)) } }
        request.logKey = try newLog(workspace.workspace)
        if let onlineKey {
            request.onlineKey = try keys.loadPublicHalf(onlineKey)
            let isPublic = (try? keys.loadPublicKeyFile(onlineKey)) != nil
            request.onlineKeyPath = isPublic ? nil : try .absolute(onlineKey)
        }
        return request
    }
}

extension RootPropose {
    /// The key of the log that is to begin; nil when none is to.
    private func newLog(_ workspace: Workspace) throws -> NewLogKey? {
        guard newLogKey != nil || witnessPolicy != nil else { return nil }
        try workspace.check()
        let policy = try workspace.loadPolicy()
        let online = try workspace.rememberedOnlineKey()
        let name = { try workspace.freeLogKeyName(policy.product) }
        guard let newLogKey else {
            guard policy.log == nil else { return nil }
            guard let online else {
                throw PublishingFault(
                    .noLogKey,
                    hint: "do this on the machine that publishes, or name the log's public key with --new-log-key"
                )
            }
            let path = FilePath.logKey(policy.product, besideOnlineKey: online.path)
            let key = try logKeyOptions.load(path, name: name, online: online.holding)
            try key.checkBelongs(to: workspace)
            return key
        }
        let keys = KeyStorage(DurableStorage())
        if (try? keys.loadPublicKeyFile(newLogKey)) != nil {
            return NewLogKey(try keys.loadPublicHalf(newLogKey), at: nil)
        }
        return try logKeyOptions.load(.absolute(newLogKey), name: name, online: online?.holding)
    }
}

extension RootProposal.Result {
    fileprivate var text: [String] {
        var lines = isPolicyChanged ? ["changed Keys/policy.yaml"] : []
        for role in staged {
            lines.append("staged \(role.role) version \(role.version): \(role.reason?.sentence ?? "")")
            lines += role.dropped
        }
        for role in takenBack {
            lines.append("took back \(role.role) version \(role.version): what is published is as the policy wants it")
            lines += role.dropped
        }
        guard !staged.isEmpty else { return lines + rest }
        return lines + keptLines + ["next: sceau review, then sceau sign"]
    }

    private var keptLines: [String] { kept.map { "\($0.role) version \($0.version) stays staged as it is" } }

    /// When nothing had to be staged.
    private var rest: [String] {
        guard kept.isEmpty else { return keptLines + ["nothing else differs from the policy"] }
        return [
            "root, targets and channels are as Keys/policy.yaml wants them: there is nothing to sign",
            "hint: --renew makes new versions of what expires soon; with --role R, of that role in any case",
        ]
    }

    fileprivate var report: JSONObject {
        [
            "policy_changed": .bool(isPolicyChanged), "staged": .array(staged.map { .object($0.report) }),
            "kept": .array(kept.map { .object($0.report) }),
            "taken_back": .array(takenBack.map { .object($0.report) }),
            "warnings": .array(warnings.map { .string(ByteString($0)) }),
        ]
    }
}

extension RootProposal.Result.Role {
    fileprivate var dropped: [String] {
        droppedSignatures.isEmpty ? [] : ["  dropped the signatures of \(droppedSignatures.joined(separator: ", "))"]
    }

    fileprivate var report: JSONObject {
        var object: JSONObject = [
            "role": .string(role.text), "version": .integer(Int64(version)),
            "expires": .string(ByteString(UTCTime.encode(expires))),
            "dropped_signatures": .array(droppedSignatures.map { .string(ByteString($0)) }),
        ]
        if let reason { object["reason"] = .string(ByteString(reason.rawValue)) }
        return object
    }
}

extension ProposalReason {
    fileprivate var sentence: String {
        switch self {
        case .new: "it is new"
        case .changed: "it changes"
        case .signaturesTooFew: "the keyholders who signed it do not suffice any more"
        case .renewed: "it gets a later expiry"
        }
    }
}
