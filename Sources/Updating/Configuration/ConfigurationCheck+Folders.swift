import DurableStorage
import FoundationEssentials
import Primitives
import Processes
import Releases
import SystemPackage
import TUF

extension ConfigurationCheck {
    func state() -> [ConfigurationFinding] {
        let (state, prefix) = (configuration.state, configuration.prefix)
        var findings: [ConfigurationFinding] = []
        if state.starts(with: prefix) || prefix.starts(with: state) {
            findings.append(fatal("state", "\(state) and the prefix are one inside the other", "choose folders apart"))
        }
        let advice = "run sceau-agent init --root root.json with the root the publisher gave you"
        switch sight(of: state) {
        case .hidden: return findings + [hidden(state, "state")]
        case .nothing:
            return findings + [fatal("state", "\(state) is not there yet", advice)] + parent(of: state, "state")
        case .there: break
        }
        findings += folder(state, "state")
        switch sight(of: folders.pinnedRoot) {
        case .nothing:
            if let foreign = foreignInState {
                findings.append(
                    fatal(
                        "state", "there is \"\(foreign)\" in \(state), which is not the agent's",
                        "name a folder for the agent alone"))
            } else {
                findings.append(fatal("state", "no root is trusted yet", advice))
            }
        case .there: findings += policy()
        case .hidden: break
        }
        return findings
    }

    /// Of a folder that is the agent's nothing is asked: what is not its own in there it leaves, or clears away.
    private var foreignInState: String? {
        (try? Instance(folders: folders, storage: storage).foreignInState()) ?? nil
    }

    func prefix() -> [ConfigurationFinding] {
        let prefix = configuration.prefix
        switch sight(of: prefix) {
        case .hidden: return [hidden(prefix, "prefix")]
        case .there: return folder(prefix, "prefix")
        case .nothing:
            let findings = parent(of: prefix, "prefix")
            guard findings.isEmpty else { return findings }
            return [
                remark(
                    "prefix", "\(prefix) is not there yet", "correct the path, unless the first update is to make it")
            ]
        }
    }

    // MARK: what can be seen

    private enum Sight {
        case nothing
        case there
        /// This user may not look there, so nothing can be said about it.
        case hidden
    }

    private func sight(of path: FilePath) -> Sight {
        do { return try storage.info(path) == nil ? .nothing : .there } catch {
            return error.code == .permissionDenied ? .hidden : .there
        }
    }

    func exists(_ path: FilePath) -> Bool { ((try? storage.info(path)) ?? nil) != nil }

    /// What is not for this user's eyes is no fault of the configuration, and nothing to be moved away or made anew.
    func hidden(_ path: FilePath, _ key: String) -> ConfigurationFinding {
        let owner = (try? storage.owner(of: configuration.state)) ?? nil
        let name = owner.flatMap { try? ProcessUser.numbered($0).name } ?? "USER"
        return fatal(
            key, "user \(storage.user) may not look into \(path)",
            "nothing is known of what is in there; run this as the agent's user: sudo -u \(name) sceau-agent check-config"
        )
    }

    /// What has to be made first.
    private func parent(of path: FilePath, _ key: String) -> [ConfigurationFinding] {
        var place = path.folder
        while !place.isEmpty, place != "/", !exists(place) { place = place.folder }
        guard !storage.isWritable(place) else { return [] }
        return [
            fatal(
                key, "\(path) cannot be made in \(place)",
                storage.isReadOnly(place) ? StorageFault.readOnlyAdvice : "make it, and give it to the agent's user")
        ]
    }

    // MARK: the trusted root

    /// Where the log is required, the root that is trusted now has to name one: else every run ends in a refusal.
    private func policy() -> [ConfigurationFinding] {
        guard configuration.log.isRequired else { return [] }
        let files = [folders.metadata.appending(RoleName.root.fileName), folders.pinnedRoot]
        let roots = files.compactMap { try? storage.read($0, limit: MetadataLimits().rootLength) }
            .compactMap {
                // Whether it has expired is not asked here.
                try? TrustedMetadataSet(trustedRoot: $0, referenceTime: Date(timeIntervalSince1970: 0)).root
            }
        // One that names a policy which cannot be read names one all the same.
        guard let root = roots.first, (try? root.content.witnessPolicy == nil) == true else { return [] }
        return [
            fatal(
                "transparency",
                "required, but version \(root.version) of the root, which is trusted here, names no log: as long as no newer "
                    + "one does, each run ends with log/no-policy",
                "ask the publisher for the log, or set transparency: off and do without what it shows")
        ]
    }

    // MARK: the releases that are here

    func release() -> [ConfigurationFinding] {
        let instance = Instance(folders: folders, storage: storage)
        return missingShared(instance) + serviceManager(instance)
    }

    private func missingShared(_ instance: Instance) -> [ConfigurationFinding] {
        guard let version = (try? instance.linkedVersion()) ?? nil else { return [] }
        return instance.missingShared(of: version).map {
            remark("prefix", "\($0) is not there yet, and \(version) links to it", "make it, for the product's user")
        }
    }

    /// A release without services asks nothing of systemd.
    private func serviceManager(_ instance: Instance) -> [ConfigurationFinding] {
        let kept = ((try? instance.keptVersions()) ?? []).compactMap { (try? instance.keptManifest($0)) ?? nil }
        let areNamed = kept.contains { !$0.install.services.isEmpty }
        guard areNamed || kept.isEmpty, let problem = running.serviceManager() else { return [] }
        let advice = "set services: {through: commands, …}, or {through: none}"
        return [
            areNamed
                ? fatal("services.through", "systemd, but \(problem)", advice)
                : remark("services.through", "systemd, but \(problem)", "\(advice), if the releases name services")
        ]
    }
}
