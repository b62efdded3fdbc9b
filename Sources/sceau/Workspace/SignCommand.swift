import ArgumentParser
import CommandSupport
import Primitives
import Publishing
import SecretKeys
import TUF

/// `sceau sign`
struct SignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Show what would change, and sign it with one keyholder's key.")

    @OptionGroup var workspace: WorkspaceOption

    @OptionGroup var signer: SignerOption

    @Option(help: "Sign this role only. Can be repeated.")
    var role: [String] = []

    @Flag(help: "Sign without asking.")
    var yes = false

    @OptionGroup var json: JSONOption

    func run() throws {
        let now = SystemClock.now()
        let workspace = workspace.workspace
        try stating("nothing was signed") {
            try workspace.check()
            try workspace.checkNothingInterrupted()
            let signer = try signer.find(in: workspace)
            let staging = try Staging.load(workspace)
            let ceremony = try Ceremony(
                staging, workspace: workspace, key: signer.publicKey, only: role.map { RoleName(ByteString($0)) },
                now: now)
            guard !ceremony.roles.isEmpty else {
                let names = Self.names(ceremony.signed)
                if !json.isWanted {
                    try StandardOutput.print("\(signer.name) has signed \(names) already: nothing to do")
                }
                return
            }
            if !json.isWanted {
                try StandardOutput.print(Review(staging, workspace: workspace, now: now).text())
            }
            let names = Self.names(ceremony.roles)
            guard try yes || Terminal.confirm("sign \(names) as \(signer.name)?") else {
                throw CleanExit.message("not signed")
            }
            try ceremony.sign(with: signer.unlocked())
            if !json.isWanted { try StandardOutput.print("\(signer.name) signed \(names)") }
        }
        let review = Review(try Staging.load(workspace), workspace: workspace, now: now)
        try json.print(review.report, orText: review.rest)
    }

    private static func names(_ roles: [StagedRole]) -> String {
        roles.map { "\($0.role) version \($0.version)" }.joined(separator: ", ")
    }
}
