import Primitives

package typealias PublishingFault = Fault<PublishingFaultCode>

/// Why the association's side of the work did not go on.
package enum PublishingFaultCode: String, FaultCode {
    case noWorkspace = "publish/no-workspace"
    case workspaceExists = "publish/workspace-exists"
    case invalidThreshold = "publish/invalid-threshold"
    case duplicateKeyholder = "publish/duplicate-keyholder"
    case secretKeyInWorkspace = "publish/secret-key-in-workspace"
    case secretKeyInRelease = "publish/secret-key-in-release"
    case noOnlineKey = "publish/no-online-key"
    case wrongOnlineKey = "publish/wrong-online-key"
    case noReleaseKey = "publish/no-release-key"
    case wrongReleaseKey = "publish/wrong-release-key"
    case noLogKey = "publish/no-log-key"
    case wrongLogKey = "publish/wrong-log-key"
    case invalidWitnessPolicy = "publish/invalid-witness-policy"
    case unknownChannel = "publish/unknown-channel"
    case versionExists = "publish/version-exists"
    case versionNotNewer = "publish/version-not-newer"
    case unknownVersion = "publish/unknown-version"
    case ambiguousVersion = "publish/ambiguous-version"
    case notPublished = "publish/not-published"
    case newestRelease = "publish/newest-release"
    case unusableFile = "publish/unusable-file"
    case unusablePatch = "publish/unusable-patch"
    case metadataTooLong = "publish/metadata-too-long"
    case interrupted = "publish/interrupted"
    case malformedStaging = "publish/malformed-staging"
    case malformedMetadata = "publish/malformed-metadata"
    case notASigner = "publish/not-a-signer"
    case nothingToSign = "publish/nothing-to-sign"
    case nothingPublished = "publish/nothing-published"
    case wouldBeRefused = "publish/would-be-refused"
    case thresholdNotMet = "publish/threshold-not-met"
    case stagedFileChanged = "publish/staged-file-changed"
    case stagedFileMissing = "publish/staged-file-missing"
    case unknownRole = "publish/unknown-role"
    case notAKeyholder = "publish/not-a-keyholder"
    case missingPublicKey = "publish/missing-public-key"
    case keyNameTaken = "publish/key-name-taken"
    case notStaged = "publish/not-staged"
    case untrustedPublication = "publish/untrusted-publication"
    case changedSinceShown = "publish/changed-since-shown"
    case unfitSignature = "publish/unfit-signature"
    case folderNotEmpty = "publish/folder-not-empty"
    case linkInWorkspace = "publish/link-in-workspace"
    case noLog = "publish/no-log"
    case noLogBackup = "publish/no-log-backup"
    case noQuorum = "publish/no-quorum"
    case forkedLog = "publish/forked-log"
    case loggedOtherwise = "publish/logged-otherwise"
    case logStateLost = "publish/log-state-lost"
    case logStateBehind = "publish/log-state-behind"
    case logStateDamaged = "publish/log-state-damaged"
    case logStateNewer = "publish/log-state-newer"
    case backupInWorkspace = "publish/backup-in-workspace"

    package var family: FaultFamily {
        switch self {
        case .noWorkspace, .workspaceExists, .invalidThreshold, .duplicateKeyholder, .noOnlineKey,
            .noReleaseKey, .noLogKey, .unknownChannel, .versionExists, .versionNotNewer, .unknownVersion,
            .ambiguousVersion,
            .notPublished, .newestRelease, .unusableFile, .nothingToSign, .nothingPublished, .unknownRole,
            .notAKeyholder, .missingPublicKey, .notStaged, .folderNotEmpty, .noLog, .noLogBackup,
            .backupInWorkspace:
            .usage
        case .interrupted, .stagedFileMissing, .logStateLost, .logStateBehind, .logStateDamaged: .local
        case .noQuorum: .transport
        case .secretKeyInWorkspace, .secretKeyInRelease, .wrongOnlineKey, .wrongReleaseKey, .wrongLogKey,
            .invalidWitnessPolicy, .metadataTooLong, .malformedStaging,
            .malformedMetadata,
            .notASigner, .wouldBeRefused, .thresholdNotMet, .stagedFileChanged, .keyNameTaken,
            .untrustedPublication, .changedSinceShown, .unfitSignature,
            .linkInWorkspace, .forkedLog, .loggedOtherwise, .logStateNewer, .unusablePatch:
            .refusal
        }
    }

    package var summary: String {
        switch self {
        case .noWorkspace: "this folder is not a workspace"
        case .workspaceExists: "there is a workspace here already"
        case .invalidThreshold: "the threshold cannot be met, or asks for nobody"
        case .duplicateKeyholder: "two keyholders have one name or one key"
        case .secretKeyInWorkspace: "a secret key stands in the workspace"
        case .secretKeyInRelease: "a secret key would be published"
        case .noOnlineKey: "the online key is not known on this machine"
        case .wrongOnlineKey: "this is not the online key that root names"
        case .noReleaseKey: "the release key is not known on this machine"
        case .wrongReleaseKey: "this is not the release key that root names"
        case .noLogKey: "the log key is not known on this machine"
        case .wrongLogKey: "this is not the key of the log that root names"
        case .invalidWitnessPolicy: "this cannot be the witness policy"
        case .unknownChannel: "there is no such channel"
        case .versionExists: "this version is published or staged already"
        case .versionNotNewer: "this version is not newer than the newest of the channel"
        case .unknownVersion: "no such version is published or staged"
        case .ambiguousVersion: "several channels have this version"
        case .notPublished: "this release has not been published"
        case .newestRelease: "this is the newest release of the channel, which instances should have"
        case .unusableFile: "a file cannot be part of a release"
        case .unusablePatch: "a patch is of no use"
        case .metadataTooLong: "the role's metadata would be too long"
        case .interrupted: "a publication was interrupted and has to be finished first"
        case .malformedStaging: "what is staged is not as this tool writes it"
        case .malformedMetadata: "published metadata cannot be read"
        case .notASigner: "this key signs for none of the staged roles"
        case .nothingToSign: "nothing waits for a signature"
        case .nothingPublished: "nothing has been published yet"
        case .wouldBeRefused: "instances would refuse this"
        case .thresholdNotMet: "not enough valid signatures"
        case .stagedFileChanged: "a staged file is not the one that was signed"
        case .stagedFileMissing: "a staged file is missing"
        case .unknownRole: "there is no such role"
        case .notAKeyholder: "this is no keyholder of these roles"
        case .missingPublicKey: "a public key that the policy names is not there"
        case .keyNameTaken: "this name is published for another key"
        case .notStaged: "this role is not staged"
        case .untrustedPublication: "what is published does not follow from Keys/root.json"
        case .changedSinceShown: "what is staged has changed since it was shown"
        case .unfitSignature: "a signature cannot be taken"
        case .folderNotEmpty: "this folder is not empty"
        case .linkInWorkspace: "a link or a special file stands in the workspace"
        case .noLog: "root names no log"
        case .noLogBackup: "this folder is no backup of a log"
        case .noQuorum: "not enough witnesses have cosigned the log"
        case .forkedLog: "the log has two pasts"
        case .loggedOtherwise: "the log holds this version with another content"
        case .logStateLost: "what the log has signed is not known on this machine"
        case .logStateBehind: "what is known of the log on this machine is older than the log"
        case .logStateDamaged: "the state of the log cannot be used"
        case .logStateNewer: "more is known of the log on this machine than would be restored"
        case .backupInWorkspace: "a secret key would stand in the workspace"
        }
    }

    package var hint: String? {
        switch self {
        case .ambiguousVersion: "say which one is meant with --channel"
        case .notPublished: "take it back with sceau discard: nobody has it yet"
        case .newestRelease:
            "add a newer one first; if instances must not have it, sceau release withdraw says so to them"
        case .noWorkspace: "make one with sceau init, or name another with --workspace"
        case .workspaceExists: "choose an empty folder; a workspace is never overwritten"
        case .invalidThreshold: "choose a threshold between 1 and the number of keyholders; 2 of 3 is a good beginning"
        case .secretKeyInWorkspace:
            "move it away, for instance to a folder of your own with mode 0700; if others could read it, replace the key"
        case .secretKeyInRelease:
            "move it out of what is released, and name the folder of the product alone; what is published once stays so"
        case .noOnlineKey: "name it with --online-key FILE; it is then remembered on this machine"
        case .wrongReleaseKey: "name the right one with --release-key FILE"
        case .wrongOnlineKey: "name the right one with --online-key FILE; sceau root propose --online-key replaces it"
        case .noReleaseKey: "name it with --release-key FILE; it is then remembered on this machine"
        case .noLogKey: "name it with --log-key FILE; it is then remembered on this machine"
        case .wrongLogKey: "name the right one with --log-key FILE"
        case .interrupted: "run sceau publish: it goes on where it stopped"
        case .nothingToSign: "stage something first, for instance with sceau release add"
        case .nothingPublished: "sign what is staged, then run sceau publish"
        case .thresholdNotMet: "sceau review says who can still sign"
        case .stagedFileChanged: "find out who changed it; then stage the release again and have it signed again"
        case .versionExists:
            "choose the next version; one that is only staged can be added anew after sceau discard CHANNEL"
        case .malformedStaging:
            "bring the file back from your repository, or remove it from Staged/ and stage it again"
        case .stagedFileMissing: "bring Staged/targets from the machine that staged the release"
        case .missingPublicKey: "bring it to Keys/, or take the name out of Keys/policy.yaml"
        case .untrustedPublication:
            "somebody may have changed Keys/ or Releases/: compare them with a mirror or another clone; sign nothing till then"
        case .changedSinceShown: "look at it again with sceau review, then sign"
        case .folderNotEmpty: "name a folder that is empty or not there yet; nothing is overwritten"
        case .linkInWorkspace:
            "find out who put it there, then remove it: Keys/ and Staged/ hold files and folders only"
        case .noLog: "sceau root propose --witness-policy FILE begins one"
        case .noLogBackup: "name the folder that sceau log backup wrote"
        case .noQuorum:
            "nothing of it went live; run the same command again when the witnesses answer, and it goes on from here"
        case .forkedLog:
            "publish nothing; if this machine was set back, restore its newest backup with sceau log restore; otherwise somebody else has the log's key: say so in public, and begin a new log"
        case .loggedOtherwise:
            "what is logged stays: bring back what was published then, or stage the next version instead"
        case .logStateLost:
            "restore the backup of the log key's folder with sceau log restore; when there is none, sceau log restore --from-published takes what is live for the newest"
        case .logStateBehind:
            "restore the newest backup with sceau log restore; when there is none, sceau log restore --from-published takes what is live for the newest"
        case .logStateDamaged: "restore a backup with sceau log restore, and compare Releases/log with a mirror"
        case .logStateNewer: "there is nothing to restore: publishing goes on from what is known here"
        case .backupInWorkspace: "a workspace is shared, and set back some day: name another folder"
        case .metadataTooLong: "a channel lists too many releases or files; give releases fewer attachments"
        default: nil
        }
    }
}
