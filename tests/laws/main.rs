//! Laws that hold whatever the numbers: conservation, monotony, scaling.

mod malloovia;
