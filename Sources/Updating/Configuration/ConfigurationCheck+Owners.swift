import DurableStorage
import SystemPackage

extension ConfigurationCheck {
    // MARK: whoever else may change what the agent believes, runs or writes

    func folder(_ path: FilePath, _ key: String) -> [ConfigurationFinding] {
        let info: FileInfo?
        // A link may lead to a folder. Who may not look into one must not be told that it is none.
        do { info = try storage.info(path.appending(".")) } catch {
            return [hidden(path, key)]
        }
        guard let info, info.kind == .directory else {
            return [fatal(key, "\(path) is no folder", "move what stands there away")]
        }
        var findings: [ConfigurationFinding] = []
        if storage.isReadOnly(path) {
            findings.append(fatal(key, "\(path) is on a file system that is read-only", StorageFault.readOnlyAdvice))
        } else if !storage.isWritable(path) {
            findings.append(
                fatal(
                    key, "\(path) cannot be written by user \(storage.user)",
                    "run this as the agent's user, or change the owner"))
        }
        if info.owner != storage.user, info.owner != 0 {
            findings.append(
                remark(
                    key, "\(path) belongs to user \(info.owner), not to the agent's, \(storage.user)",
                    "whoever owns it can change what is installed; chown it if that is not meant"))
        }
        if info.permissions.rawValue & 0o002 != 0 {
            findings.append(fatal(key, "anybody may write to \(path)", "chmod o-w \(path)"))
        } else if info.permissions.rawValue & 0o020 != 0 {
            findings.append(remark(key, "a group may write to \(path)", "chmod g-w \(path) if that is not meant"))
        }
        return findings + above(path, key)
    }

    /// Whoever may rename a folder above can put another one in its place.
    private func above(_ path: FilePath, _ key: String) -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        var place = path
        while place != "/", !place.folder.isEmpty {
            place = place.folder
            guard let info = (try? storage.info(place.appending("."))) ?? nil else { continue }
            let isSticky = info.permissions.rawValue & 0o1000 != 0
            if info.permissions.rawValue & 0o002 != 0, !isSticky {
                findings.append(
                    fatal(key, "anybody may put another folder in the place of \(path)", "chmod o-w \(place)"))
            } else if info.owner != storage.user, info.owner != 0 {
                findings.append(
                    remark(
                        key,
                        "user \(info.owner), to whom \(place) belongs, can put another folder in the place of \(path)",
                        "chown it if that is not meant"))
            }
        }
        return findings
    }

    /// Who else may write to a file that the agent believes or runs.
    func writers(_ path: FilePath, _ key: String) -> [ConfigurationFinding] {
        guard let info = (try? storage.info(path)) ?? nil, info.kind == .file else { return [] }
        if info.permissions.rawValue & 0o002 != 0 {
            return [fatal(key, "anybody may write to \(path)", "chmod o-w \(path)")]
        }
        guard info.owner != storage.user, info.owner != 0 else { return [] }
        return [
            remark(
                key, "\(path) belongs to user \(info.owner), not to the agent's, \(storage.user)",
                "whoever owns it decides what the agent does; chown it if that is not meant")
        ]
    }
}
