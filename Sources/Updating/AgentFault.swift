import Primitives

package typealias AgentFault = Fault<AgentFaultCode>

/// Why the agent refuses, cannot go on, or does not understand its configuration.
package enum AgentFaultCode: String, FaultCode {
    case noConfiguration = "agent/no-configuration"
    case unknownTimeZone = "agent/unknown-time-zone"

    case noRoot = "agent/no-root"
    case notInitialised = "agent/not-initialised"
    case damagedRoot = "agent/damaged-root"
    case wrongFingerprint = "agent/wrong-fingerprint"
    case otherRoot = "agent/other-root"
    case foreignState = "agent/foreign-state"
    case otherFingerprint = "agent/other-fingerprint"

    case noSuchChannel = "agent/no-such-channel"
    case contradictoryRelease = "agent/contradictory-release"
    case missingTarget = "agent/missing-target"
    case wrongHash = "agent/wrong-hash"
    case tooLarge = "agent/too-large"
    case agentTooOld = "agent/agent-too-old"

    case targetUnavailable = "agent/target-unavailable"
    case noRepository = "agent/no-repository"
    case mirrorAside = "agent/mirror-aside"

    case notEnoughSpace = "agent/not-enough-space"
    case notWritable = "agent/not-writable"
    case missingTool = "agent/missing-tool"
    case cannotBeUser = "agent/cannot-be-user"
    case noServiceManager = "agent/no-service-manager"
    case notInstalled = "agent/not-installed"
    case lostInstallation = "agent/lost-installation"
    case notKept = "agent/not-kept"
    case damagedTree = "agent/damaged-tree"
    case unknownListing = "agent/unknown-listing"
    case occupied = "agent/occupied"

    case reverted = "agent/reverted"
    case givenUp = "agent/given-up"
    case irreversible = "agent/irreversible"
    case notWaiting = "agent/not-waiting"
    case stopped = "agent/stopped"
    case buildFailed = "agent/build-failed"
    case invalidHold = "agent/invalid-hold"

    package var family: FaultFamily {
        switch self {
        case .noConfiguration, .unknownTimeZone, .noRoot, .notInitialised, .notKept, .notWaiting, .invalidHold,
            .foreignState:
            .usage
        case .wrongFingerprint, .otherRoot, .otherFingerprint, .noSuchChannel, .contradictoryRelease, .missingTarget,
            .wrongHash,
            .tooLarge, .damagedTree:
            .refusal
        case .targetUnavailable, .mirrorAside, .noRepository: .transport
        case .damagedRoot, .agentTooOld, .notEnoughSpace, .notWritable, .missingTool, .cannotBeUser,
            .noServiceManager, .notInstalled, .lostInstallation, .unknownListing, .occupied,
            .reverted, .givenUp, .irreversible, .stopped, .buildFailed:
            .local
        }
    }

    package var summary: String {
        switch self {
        case .noConfiguration: "no configuration to use"
        case .unknownTimeZone: "no such time zone"
        case .noRoot: "this file is no root metadata"
        case .notInitialised: "this instance has no root to trust yet"
        case .damagedRoot: "the pinned root is damaged"
        case .wrongFingerprint: "the root is not the one with this fingerprint"
        case .otherRoot: "this instance already trusts another root"
        case .foreignState: "this cannot be the state folder"
        case .otherFingerprint: "what is offered is not what was accepted"
        case .noSuchChannel: "the signed metadata knows no such channel"
        case .contradictoryRelease: "signed files of a release contradict each other"
        case .missingTarget: "a file of the release is not listed in the signed metadata"
        case .wrongHash: "a file is not the one that was signed"
        case .tooLarge: "larger than this instance allows"
        case .agentTooOld: "this release needs a newer agent"
        case .targetUnavailable: "the mirror does not have a file of the release"
        case .noRepository: "this is no address of published releases"
        case .mirrorAside: "this mirror misbehaved before, and is asked for nothing while another one serves"
        case .notEnoughSpace: "not enough space for the release"
        case .missingTool: "a program of the release needs something that is not on this machine"
        case .cannotBeUser: "the release's programs cannot be run as the user that the configuration names"
        case .noServiceManager: "the release runs services of systemd, and systemd cannot be asked for them"
        case .notWritable: "cannot write where releases are installed"
        case .notInstalled: "nothing is installed"
        case .lostInstallation: "what was installed here is gone"
        case .notKept: "this release is not kept here"
        case .damagedTree: "an installed tree is not what was signed"
        case .unknownListing: "the listing of the installed release is not here"
        case .occupied: "something that is not a release stands there"
        case .reverted: "the new release did not do well and was taken back"
        case .givenUp: "the release could not be installed as it should be"
        case .irreversible: "what this release did to the data cannot be undone"
        case .notWaiting: "no such release waits here"
        case .stopped: "this was stopped from outside"
        case .buildFailed: "the process that builds a release's tree did not do so"
        case .invalidHold: "updates cannot be put on hold like this"
        }
    }

    package var hint: String? {
        switch self {
        case .noConfiguration: "name the file with --config"
        case .unknownTimeZone: "check the spelling; the names are those of the files below /usr/share/zoneinfo"
        case .noRoot:
            "give the root.json that the publisher hands out; in a workspace it is Keys/root.json, and a key (.pub) is none"
        case .notInitialised: "run sceau-agent init --root root.json with the root the publisher gave you"
        case .damagedRoot: "run sceau-agent init --root root.json again, with the root the publisher gave you"
        case .wrongFingerprint: "nothing was trusted; get root and fingerprint anew, from two sources"
        case .otherRoot:
            "a new root reaches an instance by itself, signed by the old one; to follow another "
                + "publisher, configure another state folder"
        case .foreignState:
            "name a folder for the agent alone, which it may make: what is not its own in there would be cleared away"
        case .otherFingerprint: "nothing was accepted; ask for the fingerprint again, and compare the whole of it"
        case .noSuchChannel: "check product and channel in the configuration"
        case .contradictoryRelease, .missingTarget: "report this to the publisher"
        case .wrongHash: "nothing of it was used; try another mirror and tell its owner"
        case .tooLarge: "if the release is meant to be this large, raise the limit in the configuration"
        case .agentTooOld: "update the agent itself first"
        case .targetUnavailable: "it may not be there yet; run this again, or configure another mirror"
        case .noRepository:
            "check the address in mirrors, which is that of the folder with metadata/ and targets/ in it; or does a portal of "
                + "this network want a login first?"
        case .mirrorAside: "tell its owner; it is asked again by itself"
        case .missingTool: "install it, and run this again"
        case .cannotBeUser: "run the agent as root, or correct hooks: {user: …} or take it out"
        case .noServiceManager:
            "run the agent where systemd runs, or set services: {through: commands, …} or {through: none}"
        case .notEnoughSpace: "free some space and run this again; what was downloaded is kept"
        case .notWritable: "check the owner and mode of this folder, and that the file system is not read-only"
        case .notInstalled: "run sceau-agent update"
        case .lostInstallation: "mount what is to be mounted there"
        case .notKept: "sceau-agent status says what is installed; only releases installed before can be returned to"
        case .damagedTree: "find out what changed it; another release can be installed, or returned to, meanwhile"
        case .unknownListing: "run sceau-agent update; it fetches what is missing"
        case .occupied: "move it away; the agent removes nothing that it did not make"
        case .reverted:
            "it is not tried again unless asked for with update --version; sceau-agent history tells more, and the output "
                + "folder in the state folder what its programs said"
        case .givenUp:
            "sceau-agent status says which release is in use; the output folder in the state folder holds what its programs said"
        case .irreversible: "restore your backup of before, then run this with --keep-data"
        case .buildFailed: "check the memory and the limits of this machine, then run this again"
        case .stopped: "run this again: it goes on from there, and what was downloaded is kept"
        case .invalidHold: "say it once more as expected"
        case .notWaiting: "sceau-agent check says which release is offered, and what it waits for"
        }
    }
}
