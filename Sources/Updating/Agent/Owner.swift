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
}
