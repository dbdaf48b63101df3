from estimators import *
