internal import CLinux

/// Keeps this process's memory out of core files and from other processes of the same user (ptrace).
///
/// For tools that hold secret keys, first thing. False when the kernel refuses, which is no reason not to work.
@discardableResult
package func forbidCoreFiles() -> Bool { sceau_forbid_core_files() == 0 }
