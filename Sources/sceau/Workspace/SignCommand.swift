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
            try show(Review(staging, workspace: workspace, now: now))
            let names = Self.names(ceremony.roles)
            guard try yes || Terminal.confirm("sign \(names) as \(signer.name)?") else {
                if json.isWanted { return }
                throw CleanExit.message("not signed")
            }
            try ceremony.sign(with: signer.unlocked())
            if !json.isWanted { try StandardOutput.print("\(signer.name) signed \(names)") }
        }
        let review = Review(try Staging.load(workspace), workspace: workspace, now: now)
        try json.print(review.report, orText: review.rest)
    }

    /// What is about to be signed. Nobody is asked about what they have not seen: beside JSON it goes to standard error.
    private func show(_ review: Review) throws {
        if !json.isWanted {
            try StandardOutput.print(review.text())
        } else if !yes {
            try StandardError.print(review.text().joined(separator: "\n"))
        }
    }

    private static func names(_ roles: [StagedRole]) -> String {
        roles.map { "\($0.role) version \($0.version)" }.joined(separator: ", ")
    }
}
