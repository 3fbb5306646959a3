//! What a virtual machine of each type holds and costs: the price list of the published simulator.
//!
//! Source: `aliraza0337/LIBRA`, on-demand Linux prices of one region, around 2019, dollars per hour.
//! Differs: the original's list of Lambda prices per second is never read there and left out here.

/// A type of virtual machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VmType {
    pub name: &'static str,
    /// Memory in GB of 1024 MB.
    pub memory_gb: f64,
    /// Dollars per hour.
    pub hourly_price: f64,
}

const fn vm(name: &'static str, memory_gb: f64, hourly_price: f64) -> VmType {
    VmType { name, memory_gb, hourly_price }
}

/// All types of the list, in its order.
pub const VM_TYPES: [VmType; 15] = [
    vm("t2.nano", 0.5, 0.0058),
    vm("t2.micro", 1.0, 0.0116),
    vm("t2.small", 2.0, 0.023),
    vm("t2.medium", 4.0, 0.0464),
    vm("t2.large", 8.0, 0.0928),
    vm("t2.xlarge", 16.0, 0.1856),
    vm("t2.2xlarge", 32.0, 0.3712),
    vm("t3.medium", 4.0, 0.0416),
    vm("m3.medium", 3.75, 0.067),
    vm("m4.large", 8.0, 0.1),
    vm("m4.xlarge", 16.0, 0.2),
    vm("m4.2xlarge", 32.0, 0.4),
    vm("m4.4xlarge", 64.0, 0.8),
    vm("m4.10xlarge", 160.0, 2.0),
    vm("m4.16xlarge", 256.0, 3.2),
];

/// Dollars per call of a function.
pub const LAMBDA_PRICE_PER_REQUEST: f64 = 2e-7;
/// Dollars per GB-second of a function.
pub const LAMBDA_PRICE_PER_GB_S: f64 = 1.667e-5;

/// The type of this name, if the list has it.
pub fn vm_type(name: &str) -> Option<&'static VmType> {
    VM_TYPES.iter().find(|vm| vm.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_once() {
        for (index, vm) in VM_TYPES.iter().enumerate() {
            assert_eq!(vm_type(vm.name), Some(&VM_TYPES[index]));
        }
        assert_eq!(vm_type("m4.huge"), None);
    }
}
