import DurableStorage
import Processes
import SystemPackage

extension AgentConfiguration {
    /// Makes a process of root's run as the user to whom the state's folder belongs, or, where there is none yet, the folder
    /// it will be made in. What an administrator does by hand is then done as the service does it: nothing of it is left
    /// that the service could not write.
    package func becomeOwner(_ storage: DurableStorage) throws {
        guard ProcessUser.isRoot else { return }
        let owner = try storage.owner(of: state) ?? storage.owner(of: state.removingLastComponent())
        guard let owner, owner != 0 else { return }
        try ProcessUser.numbered(owner).become()
    }

    /// Where root makes the state's folder, it belongs to the user to whom the prefix does: that is as whom the agent will
    /// run. Nothing is done where there is one, or no prefix yet.
    package func makeStateOfOwner(_ storage: DurableStorage) throws {
        guard ProcessUser.isRoot, try storage.owner(of: state) == nil else { return }
        guard let owner = try storage.owner(of: prefix), owner != 0 else { return }
        let user = try ProcessUser.numbered(owner)
        try storage.makeDirectory(state.removingLastComponent())
        try storage.makeDirectory(state, mode: .privateDirectory)
        try storage.give(state, to: user.uid, user.gid)
    }
}
